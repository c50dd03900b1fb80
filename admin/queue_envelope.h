/* queue_envelope.h - the envelope of a queued message, as postcat -e shows it
 *
 * Postfix keeps queue files in a form of its own; postcat(1) is its reader.
 * What is borrowed here lies in the listing.
 */
#ifndef ADMIN_QUEUE_ENVELOPE_H
#define ADMIN_QUEUE_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct arena;
struct why;

/* What RFC 3461 section 4.1 lets a sender ask for: Postfix's numbers. */
enum queue_notify {
	QUEUE_NOTIFY_NEVER = 1,
	QUEUE_NOTIFY_SUCCESS = 2,
	QUEUE_NOTIFY_FAILURE = 4,
	QUEUE_NOTIFY_DELAY = 8
};

struct queue_recipient {
	struct text address;
	unsigned notify; /* enum queue_notify; 0: not said */
};

struct queue_envelope {
	struct text queue;	 /* "hold", "deferred" ... */
	struct text sender;	 /* empty: the null sender */
	struct text envelope_id; /* ENVID of RFC 3461, or empty */
	unsigned returned;	 /* RET: 1 full, 2 header, 0 not said */
	const struct queue_recipient *recipients; /* those that still wait */
	size_t count;
};

/* False for a listing without a sender or with nobody left, and above
 * LIMIT_QUEUE_RECIPIENTS. */
bool queue_envelope_read(struct arena *arena, struct text listing,
			 struct queue_envelope *envelope, struct why *why);

/* "never", or words as sendmail -N has them; "" for 0. */
const char *queue_notify_words(struct arena *arena, unsigned notify);

#endif
