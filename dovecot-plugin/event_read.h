/* event_read.h - what the Dovecot plugin saw: one event of the spool
 *
 * One file is one event (docs/dovecot-events.md).  What an event means for
 * training, rules and quota is decided by the daemon, not here and not by the
 * plugin.
 */
#ifndef DOVECOT_PLUGIN_EVENT_READ_H
#define DOVECOT_PLUGIN_EVENT_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct arena;
struct why;

enum event_kind {
	EVENT_KIND_NONE,
	EVENT_MOVE,
	EVENT_COPY,
	EVENT_APPEND,
	EVENT_KEYWORD,
	EVENT_RENAME,
	EVENT_DELETE,
	EVENT_QUOTA
};
const char *event_kind_word(enum event_kind kind);

/* What a mailbox is for; what has no special use is MAILBOX_OTHER. */
enum mailbox_class {
	MAILBOX_UNKNOWN, /* the event does not say */
	MAILBOX_INBOX,
	MAILBOX_JUNK,
	MAILBOX_TRASH,
	MAILBOX_REJECTS,
	MAILBOX_DRAFTS,
	MAILBOX_SENT,
	MAILBOX_OTHER
};

struct event_quota {
	struct text root;
	uint64_t bytes, bytes_limit; /* limit 0: none */
	uint64_t messages, messages_limit;
};

/* Texts are UTF-8 without control bytes, and may be empty. */
struct mailbox_event {
	/* from the name of the file */
	struct text id; /* 32 hexadecimal digits, a UUID to Postgres */
	int64_t at_us;	/* Unix time in microseconds */
	/* its lines */
	enum event_kind kind;
	struct text user; /* the account, as Dovecot names it */
	struct text session;
	struct text from, to; /* names of mailboxes; rename: old and new;
				 delete: `from` */
	enum mailbox_class from_class, to_class;
	struct text from_guid, to_guid;
	struct text separator; /* rename: between the parts of a name */
	uint64_t uid;
	bool junk, notjunk;	    /* keywords now */
	bool old_junk, old_notjunk; /* and before */
	uint64_t size;		    /* of the whole message */
	bool is_header;		    /* the message is its header alone */
	struct event_quota quota;
	struct text message; /* borrowed; cut at signet_max_message */
};

/* `name` is that of the file, which says when the event was and which it is:
 * the `at=` of the lines must agree with it to the microsecond, if it is
 * there.  What an event of that kind needs must be there. */
bool event_read(struct arena *arena, struct text name, struct text bytes,
		struct mailbox_event *event, struct why *why);

/* The name of a file alone.  False: it is none of an event. */
bool event_name_read(struct text name, int64_t *at_us, struct text *id);

#endif
