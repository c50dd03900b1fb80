#include "dovecot-plugin/mailbox_counters.h"

#include <stdlib.h>
#include <string.h>

#include "base/why.h"
#include "base/xalloc.h"
#include "dovecot-plugin/learner.h"
#include "dovecot-plugin/mailbox_server.h"
#include "dovecot-plugin/mailbox_settings.h"
#include "dovecot-plugin/model_cache.h"
#include "io/clock.h"
#include "io/listen.h"
#include "io/metrics.h"
#include "io/metrics_server.h"

struct mailbox_counters {
	struct mailbox_figures figures;
	struct metrics *metrics;
	struct metrics_server *server;
};

enum { ANSWERS, SECONDS };

static const char *const verdicts[] = {"junk",	  "ham",  "unsure", "rule",
				       "rejects", "none", NULL};
static const char *const outcomes[] = {"new", "known", "refused", NULL};
static const char *const states[] = {"spam", "ham", "undone", NULL};
static const char *const unanswered[] = {"refused", "late", "full", NULL};

static struct learner_counts
learned(void *handle)
{
	const struct mailbox_counters *counters = handle;

	return learner_counts(counters->figures.learner);
}

static double
read_events(void *handle, const unsigned at[METRIC_LABELS])
{
	struct learner_counts counts = learned(handle);
	const uint64_t of_outcome[] = {counts.events, counts.again,
				       counts.refused};

	return (double)of_outcome[at[0]];
}

static double
read_trained(void *handle, const unsigned at[METRIC_LABELS])
{
	struct learner_counts counts = learned(handle);
	const uint64_t of_state[] = {counts.spam, counts.ham, counts.undone};

	return (double)of_state[at[0]];
}

static double
read_waiting(void *handle, const unsigned at[METRIC_LABELS])
{
	(void)at;
	return (double)learned(handle).spool.waiting;
}

static double
read_oldest(void *handle, const unsigned at[METRIC_LABELS])
{
	int64_t oldest_us = learned(handle).spool.oldest_us;
	int64_t age_ms = clock_unix_ms() - oldest_us / 1000;

	(void)at;
	return oldest_us == 0 || age_ms < 0 ? 0 : (double)age_ms / 1000;
}

static double
read_away(void *handle, const unsigned at[METRIC_LABELS])
{
	const struct mailbox_counters *counters = handle;

	(void)at;
	return learned(handle).is_away ||
	       model_cache_counts(counters->figures.cache).is_away;
}

static double
read_unanswered(void *handle, const unsigned at[METRIC_LABELS])
{
	const struct mailbox_counters *counters = handle;
	struct mailbox_server_counts counts =
	    mailbox_server_counts(counters->figures.server);
	const uint64_t of_reason[] = {counts.refused, counts.late, counts.full};

	return (double)of_reason[at[0]];
}

static struct model_cache_counts
cached(void *handle)
{
	const struct mailbox_counters *counters = handle;

	return model_cache_counts(counters->figures.cache);
}

static double
read_accounts(void *handle, const unsigned at[METRIC_LABELS])
{
	(void)at;
	return (double)cached(handle).accounts;
}

static double
read_bytes(void *handle, const unsigned at[METRIC_LABELS])
{
	(void)at;
	return (double)cached(handle).bytes;
}

static double
read_loads(void *handle, const unsigned at[METRIC_LABELS])
{
	(void)at;
	return (double)cached(handle).loads;
}

static const struct metric table[] = {
    [ANSWERS] = {.name = "signet_mailbox_answers_total",
		 .help = "Deliveries that asked, by what they were told.",
		 .type = METRIC_COUNTER,
		 .labels = {{"verdict", verdicts}}},
    [SECONDS] = {.name = "signet_mailbox_answer_seconds",
		 .help = "Time from a question to its answer.",
		 .type = METRIC_HISTOGRAM,
		 .bounds = metrics_seconds},
    {.name = "signet_mailbox_unanswered_total",
     .help = "Connections without an answer, by the reason.",
     .type = METRIC_COUNTER,
     .labels = {{"reason", unanswered}},
     .read = read_unanswered},
    {.name = "signet_mailbox_events_total",
     .help = "Events of mailboxes: new, known already, refused.",
     .type = METRIC_COUNTER,
     .labels = {{"outcome", outcomes}},
     .read = read_events},
    {.name = "signet_mailbox_trained_total",
     .help = "Messages that were learned, and unlearned.",
     .type = METRIC_COUNTER,
     .labels = {{"state", states}},
     .read = read_trained},
    {.name = "signet_mailbox_waiting_events",
     .help = "Events in the spool at the last look.",
     .type = METRIC_GAUGE,
     .read = read_waiting},
    {.name = "signet_mailbox_oldest_event_seconds",
     .help = "Age of the oldest of them.",
     .type = METRIC_GAUGE,
     .read = read_oldest},
    {.name = "signet_mailbox_database_away",
     .help = "1 while Postgres is away.",
     .type = METRIC_GAUGE,
     .read = read_away},
    {.name = "signet_mailbox_cached_accounts",
     .help = "Accounts whose words are in memory.",
     .type = METRIC_GAUGE,
     .read = read_accounts},
    {.name = "signet_mailbox_cached_bytes",
     .help = "Memory of them.",
     .type = METRIC_GAUGE,
     .read = read_bytes},
    {.name = "signet_mailbox_loads_total",
     .help = "Times that the words of an account were loaded.",
     .type = METRIC_COUNTER,
     .read = read_loads},
    {.name = NULL},
};

struct mailbox_counters *
mailbox_counters_new(void)
{
	struct mailbox_counters *counters = xcalloc(1, sizeof(*counters));

	counters->metrics = metrics_new(table, counters);
	return counters;
}

void
mailbox_counters_answer(void *handle, const char *verdict, double seconds)
{
	struct mailbox_counters *counters = handle;
	unsigned i;

	for (i = 0; verdicts[i] != NULL; i++)
		if (strcmp(verdicts[i], verdict) == 0)
			metrics_add(counters->metrics, ANSWERS, 1, i, 0, 0);
	metrics_observe(counters->metrics, SECONDS, seconds, 0, 0, 0);
}

bool
mailbox_counters_open(struct mailbox_counters *counters,
		      const struct mailbox_settings *settings,
		      const struct mailbox_figures *figures, struct why *why)
{
	struct listen_access access = {0660, settings->socket_group};
	struct listen_address address;

	counters->figures = *figures;
	if (settings->metrics == NULL)
		return true;
	if (!listen_parse(settings->metrics, &address, why))
		return false;
	counters->server =
	    metrics_server_open(counters->metrics, &address, &access, why);
	return counters->server != NULL;
}

void
mailbox_counters_close(struct mailbox_counters *counters)
{
	if (counters == NULL)
		return;
	metrics_server_close(counters->server);
	metrics_free(counters->metrics);
	free(counters);
}
