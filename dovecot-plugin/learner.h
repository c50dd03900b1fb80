/* learner.h - the events of the spool, in order, into Postgres
 *
 * One thread looks through the spool, makes a batch of what is there, has it
 * written in one transaction (mailbox_part.h) and removes the files after it:
 * killed at any moment it begins again, and signet.mailbox_event knows what
 * was done.  While Postgres is away the files wait.
 */
#ifndef DOVECOT_PLUGIN_LEARNER_H
#define DOVECOT_PLUGIN_LEARNER_H

#include <stdbool.h>
#include <stdint.h>

#include "dovecot-plugin/event_spool.h"

struct learner;
struct mailbox_settings;
struct model_cache;
struct event_owner;
struct why;

struct learner_options {
	const struct mailbox_settings *settings;
	struct model_cache *cache;
	struct event_owner *owner;
	int nudge; /* socket of datagrams, or -1 */
	/* a batch with events of a part was written; may be NULL */
	void (*written)(void *handle);
	void *handle;
};

struct learner *learner_open(const struct learner_options *options,
			     struct why *why);
bool learner_start(struct learner *learner);
/* Ends the thread; false: it is in a call that lasts, and goes on. */
bool learner_stop(struct learner *learner, int64_t wait_ms);
/* After it has ended. */
void learner_close(struct learner *learner);

/* Any thread. */
struct learner_counts {
	uint64_t events, again; /* taken; known already */
	uint64_t spam, ham, undone;
	uint64_t batches, refused, deferred;
	bool is_away;
	struct event_spool_counts spool;
};
struct learner_counts learner_counts(struct learner *learner);

#endif
