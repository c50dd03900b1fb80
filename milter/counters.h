/* counters.h - what signet-milter counts for Prometheus
 *
 * Names and labels are fixed; none holds a domain or an address
 * (docs/metrics.md).
 */
#ifndef MILTER_COUNTERS_H
#define MILTER_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "milter/verdict.h"

struct resolver_unbound;
struct spool;
struct why;

enum counter { COUNT_CONNECTIONS, COUNT_RELOADS, COUNT_RELOADS_REFUSED };

void counters_add(enum counter counter);

/* Results, action and duration of one message. */
void counters_message(const struct verdict *verdict,
		      const struct decision *decision, int64_t begun_ms);

/* Serves them on `where` until the process ends; a unix socket gets `group`
 * unless that is NULL.  Without it nothing is counted. */
bool counters_serve(const char *where, const char *group,
		    struct resolver_unbound *resolver, struct spool *spool,
		    struct why *why);

#endif
