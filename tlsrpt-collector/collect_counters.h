/* collect_counters.h - figures of signet-tls-collect for Prometheus
 *
 * Names and labels are fixed; none holds a domain (docs/metrics.md).
 */
#ifndef TLSRPT_COLLECTOR_COLLECT_COUNTERS_H
#define TLSRPT_COLLECTOR_COLLECT_COUNTERS_H

#include <stdbool.h>

struct collect;
struct collect_counters;
struct why;

/* What the figures are read from at each scrape. */
struct collect_figures {
	struct collect *collect;
	void *datagrams; /* handle of source_datagram; may be NULL */
	void *log;	 /* handle of source_maillog; may be NULL */
};

/* Serves them where [tls_collect] metrics says; `*counters` stays NULL if it
 * says nothing.  False with a reason. */
bool collect_counters_open(const struct collect_figures *figures,
			   struct collect_counters **counters, struct why *why);
/* Before the sources end.  NULL is allowed. */
void collect_counters_close(struct collect_counters *counters);

#endif
