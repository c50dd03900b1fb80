/* dkim_canon.h - canonical forms (RFC 6376 section 3.4)
 *
 * White space is worked on sixteen bytes at a time, with the same speed
 * whether a body has little or much of it to change.
 */
#ifndef MAILAUTH_DKIM_CANON_H
#define MAILAUTH_DKIM_CANON_H

#include <stdbool.h>

#include "base/crypto.h"
#include "base/text.h"
#include "mailauth/message.h"

struct arena;

enum dkim_canon { DKIM_SIMPLE = 1, DKIM_RELAXED };

/* Reduces each run of white space to one space and takes it off before CRLF
 * (sections 3.4.2 and 3.4.4).  Whether a space is kept is known from what
 * follows it: `*space` tells, before and after, that white space awaits
 * that.  `from` does not end in half a CRLF.  Writes to `to`, which has room
 * for DKIM_CANON_ROOM more bytes than `from`, and returns the end. */
#define DKIM_CANON_ROOM 17
char *dkim_canon_relax(char *to, struct text from, bool *space);

/* One header field without its final CRLF; `value` may be a part of what the
 * field held.  The result lies in the arena. */
struct text dkim_canon_field(struct arena *arena, enum dkim_canon canon,
			     struct text name, struct text value);

/* The field that carries a signature, its b= emptied: `b_whole` is the part
 * of the value from behind '=' to before ';' (tag_list.h). */
struct text dkim_canon_own_field(struct arena *arena, enum dkim_canon canon,
				 const struct header_field *field,
				 struct text b_whole);

/* The fields of a message by name, and their relaxed forms once made. */
struct dkim_header;

struct dkim_header *dkim_header_new(struct arena *arena,
				    const struct message *message);

/* Hashes the fields that `names` choose, each the lowest not chosen yet, a
 * name without a field left being nothing (section 5.4.2); then `own` with
 * its b= emptied, which `names` never choose.  Work is bounded by the names
 * and the bytes of the header. */
void dkim_header_hash(struct dkim_header *header, struct digest *digest,
		      enum dkim_canon canon, const struct text *names,
		      size_t name_count, const struct header_field *own,
		      struct text b_whole);

#endif
