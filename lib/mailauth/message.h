/* message.h - the header section of a message as it came over the wire
 *
 * The body streams past (body_digest.h) and is never kept.
 */
#ifndef MAILAUTH_MESSAGE_H
#define MAILAUTH_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct arena;

/* One field.  `value` is everything after the colon as received: leading
 * space kept, folded lines joined by CRLF, no final CRLF. */
struct header_field {
	struct text name, value;
	size_t position; /* 0 is the topmost field */
	struct header_field *above, *below;
};

struct message {
	struct arena *arena;
	struct header_field *top, *bottom;
	size_t count, bytes;
	bool truncated; /* passed LIMIT_HEADER_BYTES or LIMIT_HEADER_FIELDS:
			   later fields were counted, not kept */
	size_t left_out;
};

void message_init(struct message *message, struct arena *arena);

/* Adds the next field; bare LF or bare CR in the value become CRLF, as an
 * MTA that hands over lines means them.  Name and value are copied.  NULL
 * if it was left out. */
struct header_field *message_add(struct message *message, struct text name,
				 struct text value);

/* Splits a whole header section ("Name: value" lines, CRLF or LF) and adds
 * its fields; returns the bytes used, the empty line included.  A line that
 * is no field ends the header section, as Postfix does it: what follows is
 * body. */
size_t message_parse(struct message *message, struct text raw);

/* Fields of one name, without case: the first from the top, then further
 * ones below `after`.  NULL at the end. */
const struct header_field *message_find(const struct message *message,
					const char *name);
const struct header_field *
message_find_next(const struct header_field *after, const char *name);
size_t message_count(const struct message *message, const char *name);

/* The value with line breaks of folding taken out and trimmed. */
struct text field_unfolded(struct arena *arena,
			   const struct header_field *field);

#endif
