#include "postfix-policy/counters.h"

#include <pthread.h>

#include "base/why.h"
#include "io/metrics.h"
#include "io/metrics_server.h"
#include "io/resolver_unbound.h"
#include "io/spool.h"
#include "postfix-policy/feed.h"
#include "postfix-policy/server.h"
#include "postfix-policy/share.h"
#include "postfix-policy/sts_cache.h"
#include "postfix-policy/worker_pool.h"

/* A scrape holds the lock while it reads from them. */
static pthread_mutex_t sources_lock = PTHREAD_MUTEX_INITIALIZER;
static struct counter_sources sources;
static bool has_sources;
static struct metrics *metrics;
static size_t cache_entries, cache_bytes;

/* in the order of enum tls_dialect */
static const char *const maps[] = {"policy", "policy-tlsrpt", "requiretls",
				   "sts", NULL};
static const char *const words[] = {"ok", "notfound", "temp", "perm", NULL};
/* in the order of enum answer_source */
static const char *const answer_sources[] = {"cache", "lookup", "rule",
					     "deadline", NULL};
/* in the order of enum refusal */
static const char *const refusals[] = {"protocol", "map", "request", NULL};
static const char *const reasons[] = {"asked", "ahead", NULL};
static const char *const places[] = {"running", "queued", NULL};
static const char *const ends[] = {"evicted", "timeout", NULL};
static const char *const sizes[] = {"entries", "bytes", NULL};
static const char *const datagrams[] = {"sent", "lost", NULL};
static const char *const fetches[] = {"fetched", "failed", NULL};
static const char *const outcomes[] = {"taken", "refused", NULL};

/* in the order of enum quota_verdict, without the first */
static const char *const verdicts[] = {"unknown", "fits",	 "full",
				       "large",	  "domain_full", "domain_large",
				       "away",	  "late",	 NULL};

/* Reads one figure of the sources, or 0 when they have gone. */
static double
read_source(double (*figure)(const struct counter_sources *from, unsigned at),
	    const unsigned at[METRIC_LABELS])
{
	double value = 0;

	pthread_mutex_lock(&sources_lock);
	if (has_sources)
		value = figure(&sources, at[0]);
	pthread_mutex_unlock(&sources_lock);
	return value;
}

#define READER(name)                                                           \
	static double read_##name(void *handle,                                \
				  const unsigned at[METRIC_LABELS])            \
	{                                                                      \
		(void)handle;                                                  \
		return read_source(figure_##name, at);                         \
	}

static double
figure_lookups(const struct counter_sources *from, unsigned at)
{
	struct worker_pool_counts counts = worker_pool_counts(from->pool);

	return at == 0 ? (double)counts.busy : (double)counts.queued;
}
READER(lookups)

static double
figure_open(const struct counter_sources *from, unsigned at)
{
	(void)at;
	return (double)server_counts(from->server).open;
}
READER(open)

static double
figure_accepted(const struct counter_sources *from, unsigned at)
{
	(void)at;
	return (double)server_counts(from->server).accepted;
}
READER(accepted)

static double
figure_ended(const struct counter_sources *from, unsigned at)
{
	struct server_counts counts = server_counts(from->server);

	return at == 0 ? (double)counts.evicted : (double)counts.timed_out;
}
READER(ended)

static double
figure_datagrams(const struct counter_sources *from, unsigned at)
{
	struct feed_counts counts = feed_counts(from->feed);

	return at == 0 ? (double)counts.told : (double)counts.lost;
}
READER(datagrams)

static double
figure_policies(const struct counter_sources *from, unsigned at)
{
	(void)at;
	return (double)sts_cache_counts(from->sts).policies;
}
READER(policies)

static double
figure_fetches(const struct counter_sources *from, unsigned at)
{
	struct sts_cache_counts counts = sts_cache_counts(from->sts);

	return at == 0 ? (double)(counts.fetches - counts.failures)
		       : (double)counts.failures;
}
READER(fetches)

static double
figure_database(const struct counter_sources *from, unsigned at)
{
	(void)at;
	return from->share != NULL && share_is_connected(from->share);
}
READER(database)

static double
figure_questions(const struct counter_sources *from, unsigned at)
{
	(void)at;
	return (double)resolver_unbound_counts(from->resolver).asked;
}
READER(questions)

static double
figure_facts(const struct counter_sources *from, unsigned at)
{
	(void)at;
	return (double)spool_lost(from->spool);
}
READER(facts)

static double
read_cache(void *handle, const unsigned at[METRIC_LABELS])
{
	(void)handle;
	return (double)__atomic_load_n(
	    at[0] == 0 ? &cache_entries : &cache_bytes, __ATOMIC_RELAXED);
}

enum {
	M_ANSWERS,
	M_LOOKUPS,
	M_SECONDS,
	M_ON_THEIR_WAY,
	M_REFUSED,
	M_DELEGATED,
	M_QUOTA,
	M_OPEN,
	M_CONNECTIONS,
	M_ENDED,
	M_CACHE,
	M_DATAGRAMS,
	M_POLICIES,
	M_FETCHES,
	M_DATABASE,
	M_QUESTIONS,
	M_FACTS,
	M_RELOADS
};

#define COUNTER(title, text) .name = title, .help = text, .type = METRIC_COUNTER
#define GAUGE(title, text) .name = title, .help = text, .type = METRIC_GAUGE

static const struct metric table[] = {
    [M_ANSWERS] = {COUNTER("signet_policy_answers_total",
			   "Replies by map name, first word, and where they "
			   "came from."),
		   .labels = {{"map", maps},
			      {"answer", words},
			      {"from", answer_sources}}},
    [M_LOOKUPS] = {COUNTER("signet_policy_lookups_total",
			   "Destinations looked up: somebody asked, or what "
			   "is in use was about to end."),
		   .labels = {{"reason", reasons}}},
    [M_SECONDS] = {.name = "signet_policy_lookup_seconds",
		   .help = "Time of a lookup that somebody waits for.",
		   .type = METRIC_HISTOGRAM,
		   .bounds = metrics_seconds},
    [M_ON_THEIR_WAY] = {GAUGE("signet_policy_lookups_now",
			      "Lookups on their way."),
			.labels = {{"state", places}}, .read = read_lookups},
    [M_REFUSED] = {COUNTER("signet_policy_refused_total",
			   "Requests that are no question of ours."),
		   .labels = {{"reason", refusals}}},
    [M_DELEGATED] = {COUNTER("signet_policy_delegated_total",
			     "Requests of check_policy_service.")},
    [M_QUOTA] = {COUNTER("signet_policy_quota_total",
			 "Recipients whose mailbox was looked at."),
		 .labels = {{"answer", verdicts}}},
    [M_OPEN] = {GAUGE("signet_policy_connections", "Connections now."),
		.read = read_open},
    [M_CONNECTIONS] = {COUNTER("signet_policy_connections_total",
			       "Connections since the start."),
		       .read = read_accepted},
    [M_ENDED] = {COUNTER("signet_policy_connections_ended_total",
			 "Connections that we ended: to make room, or after "
			 "silence."),
		 .labels = {{"reason", ends}}, .read = read_ended},
    [M_CACHE] = {GAUGE("signet_policy_cache", "Answers that are kept."),
		 .labels = {{"unit", sizes}}, .read = read_cache},
    [M_DATAGRAMS] = {COUNTER("signet_policy_datagrams_total",
			     "Answers told to signet-tls-collect."),
		     .labels = {{"outcome", datagrams}},
		     .read = read_datagrams},
    [M_POLICIES] = {GAUGE("signet_policy_sts_policies",
			  "MTA-STS policies that are kept."),
		    .read = read_policies},
    [M_FETCHES] = {COUNTER("signet_policy_sts_fetches_total",
			   "Fetches of policies."),
		   .labels = {{"outcome", fetches}}, .read = read_fetches},
    [M_DATABASE] = {GAUGE("signet_policy_database_connected",
			  "1 while the database is there."),
		    .read = read_database},
    [M_QUESTIONS] = {COUNTER("signet_policy_dns_questions_total",
			     "Questions to the DNS."),
		     .read = read_questions},
    [M_FACTS] = {COUNTER("signet_policy_facts_lost_total",
			 "Lines that the spool could not keep."),
		 .read = read_facts},
    [M_RELOADS] = {COUNTER("signet_policy_reloads_total",
			   "Reloads of the configuration."),
		   .labels = {{"outcome", outcomes}}},
    {.name = NULL},
};

/* --- counting --- */

/* The place in `words` of what follows the length. */
static unsigned
word_of(struct text frame)
{
	struct text payload = text_skip(frame, text_find(frame, ':') + 1);

	switch (payload.len > 0 ? payload.at[0] : '\0') {
	case 'O':
		return 0;
	case 'N':
		return 1;
	case 'T':
		return 2;
	default:
		return 3;
	}
}

void
counters_answer(enum tls_dialect dialect, enum answer_source source,
		struct text frame)
{
	if (metrics != NULL)
		metrics_add(metrics, M_ANSWERS, 1,
			    (unsigned)dialect - TLS_DIALECT_POLICY,
			    word_of(frame), source);
}

void
counters_lookup(bool background, int64_t spent_ms)
{
	if (metrics == NULL)
		return;
	metrics_add(metrics, M_LOOKUPS, 1, background, 0, 0);
	if (!background)
		metrics_observe(metrics, M_SECONDS, (double)spent_ms / 1000, 0,
				0, 0);
}

void
counters_refused(enum refusal refusal)
{
	if (metrics != NULL)
		metrics_add(metrics, M_REFUSED, 1, refusal, 0, 0);
}

void
counters_delegated(void)
{
	if (metrics != NULL)
		metrics_add(metrics, M_DELEGATED, 1, 0, 0, 0);
}

void
counters_quota(enum quota_verdict verdict)
{
	if (metrics != NULL)
		metrics_add(metrics, M_QUOTA, 1,
			    (unsigned)verdict - QUOTA_UNKNOWN, 0, 0);
}

void
counters_reload(bool taken)
{
	if (metrics != NULL)
		metrics_add(metrics, M_RELOADS, 1, !taken, 0, 0);
}

void
counters_cache(size_t entries, size_t bytes)
{
	__atomic_store_n(&cache_entries, entries, __ATOMIC_RELAXED);
	__atomic_store_n(&cache_bytes, bytes, __ATOMIC_RELAXED);
}

bool
counters_open(const char *where, const char *group,
	      const struct counter_sources *from, struct why *why)
{
	struct listen_access access = {.mode = 0660, .group = group};
	struct listen_address address;

	sources = *from;
	has_sources = true;
	metrics = metrics_new(table, NULL);
	return listen_parse(where, &address, why) &&
	       metrics_server_open(metrics, &address, &access, why) != NULL;
}

void
counters_forget(void)
{
	pthread_mutex_lock(&sources_lock);
	has_sources = false;
	pthread_mutex_unlock(&sources_lock);
}
