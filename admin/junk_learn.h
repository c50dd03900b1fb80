/* junk_learn.h - messages into an account's counters, as signet-mailbox does it
 *
 * Each message counts once, whoever teaches it and how often; one that was
 * learned as the other kind is unlearned first.
 */
#ifndef ADMIN_JUNK_LEARN_H
#define ADMIN_JUNK_LEARN_H

#include "admin/junk.h"
#include "dovecot-plugin/train.h"

struct junk_learner;

struct junk_learner *junk_learner_open(struct junk_run *run,
				       const char *account);
/* Takes the message; writes a batch when one is full. */
bool junk_learner_add(struct junk_learner *learner, struct text message,
		      uint64_t size, enum train_state state);
/* Writes what is left. False, with a reason, if something was not written. */
bool junk_learner_finish(struct junk_learner *learner,
			 struct train_counts *counts, uint64_t *messages,
			 struct why *why);
void junk_learner_close(struct junk_learner *learner);

#endif
