#include "tlsrpt-collector/collect_counters.h"

#include "base/why.h"
#include "base/xalloc.h"
#include "io/metrics.h"
#include "io/metrics_server.h"
#include "tlsrpt-collector/collect.h"
#include "tlsrpt-collector/collect_settings.h"
#include "tlsrpt-collector/source_datagram.h"
#include "tlsrpt-collector/source_maillog.h"

struct collect_counters {
	struct collect_figures figures;
	struct metrics *metrics;
	struct metrics_server *server;
};

/* --- reading --- */

static const char *const outcomes[] = {"taken", "refused", "dropped",
				       "too_long", NULL};

static double
read_datagrams(void *handle, const unsigned at[METRIC_LABELS])
{
	const struct collect_counters *counters = handle;
	struct source_datagram_counts counts =
	    source_datagram_counts(counters->figures.datagrams);
	const uint64_t of_outcome[] = {
	    counts.receiver.received - counts.refused, counts.refused,
	    counts.receiver.dropped, counts.receiver.too_long};

	return (double)of_outcome[at[0]];
}

static double
read_waiting(void *handle, const unsigned at[METRIC_LABELS])
{
	const struct collect_counters *counters = handle;

	(void)at;
	return (double)source_datagram_counts(counters->figures.datagrams)
	    .receiver.waiting_bytes;
}

static double
read_kept(void *handle, const unsigned at[METRIC_LABELS])
{
	const struct collect_counters *counters = handle;

	(void)at;
	return (double)collect_kept(counters->figures.collect);
}

static double
read_lost(void *handle, const unsigned at[METRIC_LABELS])
{
	const struct collect_counters *counters = handle;

	(void)at;
	return (double)collect_lost(counters->figures.collect);
}

static struct source_maillog_counts
read_log(const void *handle)
{
	const struct collect_counters *counters = handle;

	return source_maillog_counts(counters->figures.log);
}

static double
read_lines(void *handle, const unsigned at[METRIC_LABELS])
{
	(void)at;
	return (double)read_log(handle).lines;
}

static const char *const answer_outcomes[] = {"taken", "refused", "dropped",
					      NULL};

static double
read_answers(void *handle, const unsigned at[METRIC_LABELS])
{
	struct source_maillog_counts counts = read_log(handle);
	const uint64_t of_outcome[] = {counts.answers - counts.answers_dropped,
				       counts.events.bad_answers,
				       counts.answers_dropped};

	return (double)of_outcome[at[0]];
}

static const char *const result_outcomes[] = {"success", "failure", "told",
					      NULL};

static double
read_results(void *handle, const unsigned at[METRIC_LABELS])
{
	struct maillog_counts counts = read_log(handle).events;
	const uint64_t of_outcome[] = {counts.succeeded, counts.failed,
				       counts.uncounted};

	return (double)of_outcome[at[0]];
}

static double
read_incoming(void *handle, const unsigned at[METRIC_LABELS])
{
	struct maillog_counts counts = read_log(handle).events;
	const uint64_t of_outcome[] = {counts.incoming, counts.incoming_failed};

	return (double)of_outcome[at[0]];
}

static const char *const incoming_outcomes[] = {"success", "failure", NULL};

static const struct metric table[] = {
    {.name = "signet_tls_collect_datagrams_total",
     .help = "Datagrams of the MTA by what became of them.",
     .type = METRIC_COUNTER,
     .labels = {{"outcome", outcomes}},
     .read = read_datagrams},
    {.name = "signet_tls_collect_waiting_bytes",
     .help = "Memory of datagrams that the disk has not taken yet.",
     .type = METRIC_GAUGE,
     .read = read_waiting},
    {.name = "signet_tls_collect_facts_total",
     .help = "Lines that the spool has.",
     .type = METRIC_COUNTER,
     .read = read_kept},
    {.name = "signet_tls_collect_facts_lost_total",
     .help = "Lines that the spool could not keep.",
     .type = METRIC_COUNTER,
     .read = read_lost},
    {.name = "signet_tls_collect_log_lines_total",
     .help = "Lines of the mail server's log that were read.",
     .type = METRIC_COUNTER,
     .read = read_lines},
    {.name = "signet_tls_collect_log_results_total",
     .help = "TLS sessions found in the log.",
     .type = METRIC_COUNTER,
     .labels = {{"outcome", result_outcomes}},
     .read = read_results},
    {.name = "signet_tls_collect_answers_total",
     .help = "Answers that signet-policy told of.",
     .type = METRIC_COUNTER,
     .labels = {{"outcome", answer_outcomes}},
     .read = read_answers},
    {.name = "signet_tls_collect_incoming_total",
     .help = "STARTTLS handshakes of others with our servers.",
     .type = METRIC_COUNTER,
     .labels = {{"outcome", incoming_outcomes}},
     .read = read_incoming},
    {.name = NULL},
};

/* --- serving --- */

bool
collect_counters_open(const struct collect_figures *figures,
		      struct collect_counters **counters, struct why *why)
{
	const struct collect_settings *settings =
	    collect_settings(figures->collect);
	struct listen_access access = {0660, settings->socket_group};
	struct listen_address address;
	struct collect_counters *made;

	*counters = NULL;
	if (settings->metrics == NULL)
		return true;
	if (!listen_parse(settings->metrics, &address, why))
		return false;
	made = xcalloc(1, sizeof(*made));
	made->figures = *figures;
	made->metrics = metrics_new(table, made);
	made->server =
	    metrics_server_open(made->metrics, &address, &access, why);
	if (made->server == NULL) {
		collect_counters_close(made);
		return false;
	}
	*counters = made;
	return true;
}

void
collect_counters_close(struct collect_counters *counters)
{
	if (counters == NULL)
		return;
	metrics_server_close(counters->server);
	metrics_free(counters->metrics);
	free(counters);
}
