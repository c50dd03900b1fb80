/* mailbox_part.h - what rules and quota are to signet-mailbox
 *
 * A part is a row of functions in mailbox_part_list.c; any of them may be NULL.
 *
 * Events.  One thread reads the spool and has batches of events, the oldest
 * first, written in one transaction on `pg` each: `events` of each part is
 * called once a batch inside it, with those events of its kinds that Postgres
 * has not had before (signet.mailbox_event remembers their ids), account by
 * account, those of an account in order of time.  So each event is told exactly
 * once, and what a part writes is there if and only if the event is.  A part
 * calls pg_call alone: no begin, commit or savepoint.  PG_AWAY: the batch comes
 * again later. PG_REFUSED: it is tried again event by event, and the one that
 * is refused alone is put aside with the sentence in `why`; the others count.
 *
 * Accounts.  What delivery needs to know of an account is loaded from Postgres
 * with the account's junk model and kept in memory with it, bounded and served
 * while Postgres is away: `load` puts it into an arena that lives as long as
 * that copy and says where it lies; from then on it is read by many threads
 * and never changed.  A SQL function that changes what `load` reads calls
 * signet.mailbox_touch(account), and all hosts load again within seconds, or
 * at once when the change came from an event of the spool.
 *
 * Delivery.  `judge` is asked in the order of the parts, before the junk
 * filter; the first that returns true has decided, and nobody else is asked.
 * It never calls Postgres.
 */
#ifndef DOVECOT_PLUGIN_MAILBOX_PART_H
#define DOVECOT_PLUGIN_MAILBOX_PART_H

#include <stdbool.h>
#include <stddef.h>

#include "dovecot-plugin/event_read.h"
#include "dovecot-plugin/question.h"
#include "dovecot-plugin/verified.h"
#include "io/pg.h"

struct mailbox_settings;

/* A question with what everybody wants to know of its message. */
struct delivery {
	const struct question *question;
	const struct message *header; /* parsed */
	const struct verified *verified;
	const struct mailbox_settings *settings;
};

/* An event with the same.  `header` and `verified` are NULL for kinds without a
 * message. */
struct happening {
	const struct mailbox_event *event;
	const struct message *header;
	const struct verified *verified;
};

struct mailbox_part {
	const char *name;

	/* bits 1u << EVENT_...: the kinds it is told of */
	unsigned kinds;
	enum pg_status (*events)(const struct mailbox_settings *settings,
				 struct pg *pg, struct arena *arena,
				 const struct happening *happenings,
				 size_t count, struct why *why);

	/* `*held` may be NULL when there is nothing to keep. */
	enum pg_status (*load)(const struct mailbox_settings *settings,
			       struct pg *pg, struct arena *arena,
			       struct text account, const void **held,
			       struct why *why);

	/* `held` is what load gave, or NULL if nothing is known of the account
	 * (Postgres is away, or it has nothing).  True: the answer holds.
	 * The arena is that of the question. */
	bool (*judge)(const void *held, struct arena *arena,
		      const struct delivery *delivery, struct answer *answer);

	/* Every few seconds, and after a batch in which this part had events,
	 * with a connection of its own: for files that other programs read.
	 * False with the reason: logged when it changes. */
	bool (*round)(const struct mailbox_settings *settings, struct pg *pg,
		      struct why *why);
};

/* Ends with NULL. */
extern const struct mailbox_part *const mailbox_parts[];

#endif
