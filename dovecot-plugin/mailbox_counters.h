/* mailbox_counters.h - figures of signet-mailbox for Prometheus
 *
 * Names and labels are fixed; none holds an account (docs/metrics.md).
 */
#ifndef DOVECOT_PLUGIN_MAILBOX_COUNTERS_H
#define DOVECOT_PLUGIN_MAILBOX_COUNTERS_H

#include <stdbool.h>

struct learner;
struct mailbox_counters;
struct mailbox_server;
struct mailbox_settings;
struct model_cache;
struct why;

struct mailbox_figures {
	struct learner *learner;
	struct mailbox_server *server;
	struct model_cache *cache;
};

/* Counts from now on; serves when it is opened. */
struct mailbox_counters *mailbox_counters_new(void);
/* An answer: what it was, and how long it took. */
void mailbox_counters_answer(void *counters, const char *verdict,
			     double seconds);

/* Serves them where [mailbox] metrics says, if it says so. */
bool mailbox_counters_open(struct mailbox_counters *counters,
			   const struct mailbox_settings *settings,
			   const struct mailbox_figures *figures,
			   struct why *why);
/* Before what the figures are of.  NULL is allowed. */
void mailbox_counters_close(struct mailbox_counters *counters);

#endif
