/* event_fields.h - the lines before the message: "name=value"
 *
 * What the plugin writes into a spool file or on the socket: a first line
 * "WORD 1", lines "name=value", an empty line, then bytes.  In a value bytes
 * below 0x21, 0x7f and '%' stand as %XX.  All of it comes from a process of a
 * mail user, who may write anything.
 */
#ifndef DOVECOT_PLUGIN_EVENT_FIELDS_H
#define DOVECOT_PLUGIN_EVENT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct arena;
struct why;

#define EVENT_FIELDS_MOST 64
#define EVENT_FIELD_BYTES 4096 /* of one value, decoded */

struct event_field {
	struct text name, value; /* the value decoded: UTF-8, no zero byte */
};

struct event_fields {
	struct event_field list[EVENT_FIELDS_MOST];
	size_t count;
	struct text message; /* what follows the empty line; borrowed */
};

/* `word` is what the first line must say before its "1".  A name that comes
 * twice, a value that is no UTF-8, a line without '=' and a missing empty
 * line are errors. */
bool event_fields_read(struct arena *arena, struct text bytes, const char *word,
		       struct event_fields *fields, struct why *why);

/* Empty if it is not there. */
struct text event_fields_get(const struct event_fields *fields,
			     const char *name);

/* "1" is true; absent and all else are not. */
bool event_fields_is(const struct event_fields *fields, const char *name);

#endif
