#include "milter/sign_counters.h"

#include <pthread.h>

#include "base/why.h"
#include "io/clock.h"
#include "io/metrics.h"
#include "io/metrics_server.h"
#include "io/spool.h"
#include "milter/key_watch.h"

/* A scrape holds the lock while it reads from them. */
static pthread_mutex_t sources_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sign_sources sources;
static struct metrics *metrics;

/* in the order of enum sign_action */
static const char *const actions[] = {"unsigned", "signed", "rejected",
				      "tempfailed", NULL};
/* in the order of enum sign_origin */
static const char *const origins[] = {"foreign", "login", "daemon",
				      "network", "local", NULL};
static const char *const algorithms[] = {"rsa-sha256", "ed25519-sha256", NULL};
static const char *const outcomes[] = {"taken", "refused", NULL};
static const char *const states[] = {"good", "missing", "unknown", NULL};

static double
read_lost(void *handle, const unsigned at[METRIC_LABELS])
{
	const struct sign_sources *from = handle;
	double value = 0;

	(void)at;
	pthread_mutex_lock(&sources_lock);
	if (from->spool != NULL)
		value = (double)spool_lost(from->spool);
	pthread_mutex_unlock(&sources_lock);
	return value;
}

static double
read_keys(void *handle, const unsigned at[METRIC_LABELS])
{
	const struct sign_sources *from = handle;
	struct key_watch_counts counts = {0};

	pthread_mutex_lock(&sources_lock);
	if (from->watch != NULL)
		counts = key_watch_counts(from->watch);
	pthread_mutex_unlock(&sources_lock);
	switch (at[0]) {
	case 0:
		return (double)counts.good;
	case 1:
		return (double)counts.missing;
	default:
		return (double)counts.unknown;
	}
}

static double
read_age(void *handle, const unsigned at[METRIC_LABELS])
{
	const struct sign_sources *from = handle;
	double value = -1;

	(void)at;
	pthread_mutex_lock(&sources_lock);
	if (from->senders != NULL)
		value = (double)sender_source_age_s(from->senders);
	pthread_mutex_unlock(&sources_lock);
	return value;
}

enum {
	M_CONNECTIONS,
	M_MESSAGES,
	M_SIGNATURES,
	M_SEALS,
	M_MISMATCHES,
	M_REQUIRETLS,
	M_SECONDS,
	M_KEYS,
	M_SENDERS,
	M_LOST,
	M_RELOADS
};

static const struct metric table[] = {
    [M_CONNECTIONS] = {.name = "signet_sign_connections_total",
		       .help = "Connections from the mail server.",
		       .type = METRIC_COUNTER},
    [M_MESSAGES] = {.name = "signet_sign_messages_total",
		    .help = "Messages by what was done, and whose they are.",
		    .type = METRIC_COUNTER,
		    .labels = {{"action", actions}, {"origin", origins}}},
    [M_SIGNATURES] = {.name = "signet_sign_signatures_total",
		      .help = "DKIM signatures made.",
		      .type = METRIC_COUNTER,
		      .labels = {{"algorithm", algorithms}}},
    [M_SEALS] = {.name = "signet_sign_seals_total",
		 .help = "ARC sets added.",
		 .type = METRIC_COUNTER},
    [M_MISMATCHES] = {.name = "signet_sign_sender_mismatches_total",
		      .help = "Messages in a name that the login does not own.",
		      .type = METRIC_COUNTER},
    [M_REQUIRETLS] = {.name = "signet_sign_requiretls_refused_total",
		      .help = "Messages with REQUIRETLS to a domain without "
			      "protection.",
		      .type = METRIC_COUNTER},
    [M_SECONDS] = {.name = "signet_sign_message_seconds",
		   .help = "Time from MAIL to the answer.",
		   .type = METRIC_HISTOGRAM,
		   .bounds = metrics_seconds},
    [M_KEYS] = {.name = "signet_sign_keys",
		.help = "Keys by whether the DNS carries them.",
		.type = METRIC_GAUGE,
		.labels = {{"dns", states}},
		.read = read_keys},
    [M_SENDERS] = {.name = "signet_sign_senders_age_seconds",
		   .help = "Since the table of senders was last read from the "
			   "database; -1: not since the start.",
		   .type = METRIC_GAUGE,
		   .read = read_age},
    [M_LOST] = {.name = "signet_sign_facts_lost_total",
		.help = "Lines that the spool could not keep.",
		.type = METRIC_COUNTER,
		.read = read_lost},
    [M_RELOADS] = {.name = "signet_sign_reloads_total",
		   .help = "Reloads of the configuration.",
		   .type = METRIC_COUNTER,
		   .labels = {{"outcome", outcomes}}},
    {.name = NULL},
};

void
sign_counters_add(enum sign_counter counter)
{
	if (metrics == NULL)
		return;
	switch (counter) {
	case SIGN_CONNECTIONS:
		metrics_add(metrics, M_CONNECTIONS, 1, 0, 0, 0);
		return;
	case SIGN_RELOADS:
		metrics_add(metrics, M_RELOADS, 1, 0, 0, 0);
		return;
	case SIGN_RELOADS_REFUSED:
		metrics_add(metrics, M_RELOADS, 1, 1, 0, 0);
		return;
	}
}

void
sign_counters_message(const struct sign_session *session)
{
	size_t i;

	if (metrics == NULL)
		return;
	metrics_add(metrics, M_MESSAGES, 1, session->action, session->origin,
		    0);
	for (i = 0; i < session->signature_count; i++)
		metrics_add(metrics, M_SIGNATURES, 1,
			    strcmp(session->signatures[i].algorithm,
				   algorithms[0]) != 0,
			    0, 0);
	if (session->sealed.instance > 0)
		metrics_add(metrics, M_SEALS, 1, 0, 0, 0);
	if (session->mismatch.len > 0)
		metrics_add(metrics, M_MISMATCHES, 1, 0, 0, 0);
	if (session->unprotected.len > 0)
		metrics_add(metrics, M_REQUIRETLS, 1, 0, 0, 0);
	metrics_observe(
	    metrics, M_SECONDS,
	    (double)(clock_monotonic_ms() - session->begun_ms) / 1000, 0, 0, 0);
}

bool
sign_counters_serve(const char *where, const char *group,
		    const struct sign_sources *from, struct why *why)
{
	struct listen_access access = {.mode = 0660, .group = group};
	struct listen_address address;

	sources = *from;
	metrics = metrics_new(table, &sources);
	return listen_parse(where, &address, why) &&
	       metrics_server_open(metrics, &address, &access, why) != NULL;
}

void
sign_counters_forget(void)
{
	pthread_mutex_lock(&sources_lock);
	sources = (struct sign_sources){0};
	pthread_mutex_unlock(&sources_lock);
}
