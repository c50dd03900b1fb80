/* sign_counters.h - what signet-sign counts for Prometheus
 *
 * Names and labels are fixed; none holds a domain or an address
 * (docs/metrics.md).
 */
#ifndef MILTER_SIGN_COUNTERS_H
#define MILTER_SIGN_COUNTERS_H

#include <stdbool.h>

#include "milter/sign_session.h"

struct key_watch;
struct resolver_unbound;
struct spool;
struct why;

enum sign_counter { SIGN_CONNECTIONS, SIGN_RELOADS, SIGN_RELOADS_REFUSED };

void sign_counters_add(enum sign_counter counter);

/* Action, signatures and duration of one message. */
void sign_counters_message(const struct sign_session *session);

/* What gauges are read from; each may be NULL. */
struct sign_sources {
	struct key_watch *watch;
	struct sender_source *senders;
	struct spool *spool;
};

/* Serves them on `where` until the process ends; a unix socket gets `group`
 * unless that is NULL.  Without it nothing is counted. */
bool sign_counters_serve(const char *where, const char *group,
			 const struct sign_sources *sources, struct why *why);

/* The sources are about to end. */
void sign_counters_forget(void);

#endif
