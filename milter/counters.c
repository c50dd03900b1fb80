#include "milter/counters.h"

#include "base/why.h"
#include "io/clock.h"
#include "io/metrics.h"
#include "io/metrics_server.h"
#include "io/resolver_unbound.h"
#include "io/spool.h"

/* What gauges and foreign counters are read from. */
struct sources {
	struct resolver_unbound *resolver;
	struct spool *spool;
};

static struct sources sources;
static struct metrics *metrics;

static const char *const checks[] = {"iprev", "spf", "spf_helo", "dkim",
				     "arc",   "dmarc", NULL};
enum { CHECK_IPREV, CHECK_SPF, CHECK_HELO, CHECK_DKIM, CHECK_ARC,
       CHECK_DMARC };

/* All words that any check answers. */
static const char *const results[] = {
    "none", "neutral", "pass",	    "fail",	 "softfail",
    "policy", "temperror", "permerror", NULL};

static const char *const actions[] = {"accept", "tag",	    "quarantine",
				      "reject", "tempfail", NULL};
static const char *const skips[] = {"authenticated", "network", "local",
				    NULL};
static const char *const outcomes[] = {"taken", "refused", NULL};
static const char *const answers[] = {"asked", "from_cache", "failed",
				      "bogus", NULL};

static double
read_resolver(void *handle, const unsigned at[METRIC_LABELS])
{
	const struct sources *from = handle;
	struct resolver_counts counts;

	if (from->resolver == NULL)
		return 0;
	counts = resolver_unbound_counts(from->resolver);
	switch (at[0]) {
	case 0:
		return (double)counts.asked;
	case 1:
		return (double)counts.from_cache;
	case 2:
		return (double)counts.failed;
	default:
		return (double)counts.bogus;
	}
}

static double
read_lost(void *handle, const unsigned at[METRIC_LABELS])
{
	const struct sources *from = handle;

	return from->spool != NULL ? (double)spool_lost(from->spool) : 0;
}

enum { M_CONNECTIONS, M_MESSAGES, M_SKIPPED, M_RESULTS, M_SECONDS, M_DNS,
       M_LOST, M_RELOADS };

static const struct metric table[] = {
    [M_CONNECTIONS] = {.name = "signet_milter_connections_total",
		       .help = "Connections from the mail server.",
		       .type = METRIC_COUNTER},
    [M_MESSAGES] = {.name = "signet_milter_messages_total",
		    .help = "Messages by what was done with them.",
		    .type = METRIC_COUNTER,
		    .labels = {{"action", actions}}},
    [M_SKIPPED] = {.name = "signet_milter_skipped_total",
		   .help = "Messages that were not checked, by reason.",
		   .type = METRIC_COUNTER,
		   .labels = {{"reason", skips}}},
    [M_RESULTS] = {.name = "signet_milter_results_total",
		   .help = "Results by check; each DKIM signature counts.",
		   .type = METRIC_COUNTER,
		   .labels = {{"check", checks}, {"result", results}}},
    [M_SECONDS] = {.name = "signet_milter_message_seconds",
		   .help = "Time from MAIL to the decision.",
		   .type = METRIC_HISTOGRAM,
		   .bounds = metrics_seconds},
    [M_DNS] = {.name = "signet_milter_dns_total",
	       .help = "DNS questions by how they were answered.",
	       .type = METRIC_COUNTER,
	       .labels = {{"answer", answers}},
	       .read = read_resolver},
    [M_LOST] = {.name = "signet_milter_facts_lost_total",
		.help = "Lines that the spool could not keep.",
		.type = METRIC_COUNTER,
		.read = read_lost},
    [M_RELOADS] = {.name = "signet_milter_reloads_total",
		   .help = "Reloads of the configuration.",
		   .type = METRIC_COUNTER,
		   .labels = {{"outcome", outcomes}}},
    {.name = NULL},
};

static unsigned
position(const char *const *words, const char *word)
{
	unsigned i;

	for (i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return 0;
}

static void
add_result(unsigned check, const char *result)
{
	metrics_add(metrics, M_RESULTS, 1, check, position(results, result),
		    0);
}

void
counters_add(enum counter counter)
{
	if (metrics == NULL)
		return;
	switch (counter) {
	case COUNT_CONNECTIONS:
		metrics_add(metrics, M_CONNECTIONS, 1, 0, 0, 0);
		return;
	case COUNT_RELOADS:
		metrics_add(metrics, M_RELOADS, 1, 0, 0, 0);
		return;
	case COUNT_RELOADS_REFUSED:
		metrics_add(metrics, M_RELOADS, 1, 1, 0, 0);
		return;
	}
}

static void
add_results(const struct verdict *verdict)
{
	size_t i;

	add_result(CHECK_IPREV, iprev_result_name(verdict->iprev.result));
	add_result(CHECK_SPF, spf_result_name(verdict->mail_from.result));
	add_result(CHECK_HELO, spf_result_name(verdict->helo.result));
	for (i = 0; i < verdict->dkim_count; i++)
		add_result(CHECK_DKIM,
			   dkim_result_name(verdict->dkim[i].result));
	add_result(CHECK_ARC, arc_result_name(verdict->arc.result));
	add_result(CHECK_DMARC, dmarc_result_name(verdict->dmarc.result));
}

void
counters_message(const struct verdict *verdict,
		 const struct decision *decision, int64_t begun_ms)
{
	if (metrics == NULL)
		return;
	metrics_add(metrics, M_MESSAGES, 1,
		    position(actions, action_name(decision->action)), 0, 0);
	if (verdict->skipped != SKIP_NOTHING)
		metrics_add(metrics, M_SKIPPED, 1,
			    position(skips, skip_name(verdict->skipped)), 0,
			    0);
	else
		add_results(verdict);
	metrics_observe(metrics, M_SECONDS,
			(double)(clock_monotonic_ms() - begun_ms) / 1000, 0,
			0, 0);
}

bool
counters_serve(const char *where, const char *group,
	       struct resolver_unbound *resolver, struct spool *spool,
	       struct why *why)
{
	struct listen_access access = {.mode = 0660, .group = group};
	struct listen_address address;

	sources.resolver = resolver;
	sources.spool = spool;
	metrics = metrics_new(table, &sources);
	return listen_parse(where, &address, why) &&
	       metrics_server_open(metrics, &address, &access, why) != NULL;
}
