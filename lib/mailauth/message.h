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
 * space kept, folded lines joined by CRLF, no final CRLF.  `name` has no
 * white space at its end; whether there was some ("From : x") is said by
 * `spaced`, since some readers do not take such a line for a field.  (Postfix
 * removes that space before a milter sees the name.) */
struct header_field {
	struct text name, value;
	size_t position; /* 0 is the topmost field */
	bool spaced;
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

/* Adds the next field; a bare LF in the value becomes CRLF, as an MTA that
 * hands over lines means it.  A bare CR stays what it is: it came over the
 * wire, a signer has hashed it, and a strict reader stumbles over it.  Name
 * and value are copied.  NULL if it was left out. */
struct header_field *message_add(struct message *message, struct text name,
				 struct text value);

/* Splits a whole header section ("Name: value" lines, CRLF or LF) and adds
 * its fields; returns the bytes used, the empty line included.  A line that
 * is no field ends the header section, as Postfix does it: what follows is
 * body.  "From " lines of mailbox files before the first field are skipped.
 */
size_t message_parse(struct message *message, struct text raw);

/* Fields of one name, without case: the first from the top, then further
 * ones below `after`.  NULL at the end. */
const struct header_field *message_find(const struct message *message,
					const char *name);
const struct header_field *message_find_next(const struct header_field *after,
					     const char *name);
size_t message_count(const struct message *message, const char *name);

/* The value with line breaks of folding taken out and trimmed; a line break
 * that is no folding becomes a space. */
struct text field_unfolded(struct arena *arena,
			   const struct header_field *field);

#endif
