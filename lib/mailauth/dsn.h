/* dsn.h - delivery status notifications (RFC 3464), as they come
 *
 * Reads the text of a message/delivery-status part.  Writers differ: groups
 * without an empty line between them, statuses that say only "5.0.0" or that
 * have words behind them, addresses without their type, bare LF, group order
 * the other way round.  All that is read; what is missing stays empty.
 */
#ifndef MAILAUTH_DSN_H
#define MAILAUTH_DSN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct arena;
struct why;

enum dsn_action {
	DSN_ACTION_NONE = 0, /* no such field, or a word that is not known */
	DSN_FAILED,
	DSN_DELAYED,
	DSN_DELIVERED,
	DSN_RELAYED,
	DSN_EXPANDED
};

struct dsn_recipient {
	struct text final;    /* address without its type, or empty */
	struct text original; /* the same */
	enum dsn_action action;
	/* "5.1.1" (RFC 3463): of Status, or of the diagnostic when Status is
	 * missing or says nothing but its class; empty if neither has one */
	struct text status;
	struct text diagnostic; /* without its type, unfolded */
	unsigned smtp_code;	/* of the diagnostic, 0: none */
	struct text remote_mta;
	struct dsn_recipient *next;
};

struct dsn {
	struct text reporting_mta;
	struct text envelope_id; /* Original-Envelope-Id */
	struct text arrival_date;
	struct dsn_recipient *first; /* in the order of the notification */
	size_t count;
	bool truncated; /* beyond LIMIT_DSN_RECIPIENTS or LIMIT_DSN_BYTES */
};

/* Texts lie in the arena; each is cut at LIMIT_DSN_VALUE_BYTES.  False if
 * `text` speaks of no recipient. */
bool dsn_read(struct arena *arena, struct text text, struct dsn *dsn,
	      struct why *why);

/* "failed", "delayed", "delivered", "relayed", "expanded"; NULL for none. */
const char *dsn_action_name(enum dsn_action action);

#endif
