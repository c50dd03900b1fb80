/* auth_writer.h - writing Authentication-Results (RFC 8601 section 2.2)
 *
 * Whatever bytes are passed in, the field follows the grammar, is ASCII and
 * reads back as what was meant: nothing in a value can end it, for strict
 * readers and for careless ones, who know no quoted pairs, cut at each ';',
 * strip what looks like a comment or search for "dmarc=pass".  In values,
 * reasons and comments
 *  - '(' ')' '"' '\' ';' become '[' ']' '\'' '/' ',';
 *  - '=' before "pass" in any case, control bytes and bytes above 0x7e become
 *    '?';
 *  - what is longer than LIMIT_AUTH_VALUE_BYTES is cut and gets "..." behind,
 *    so that a cut value equals no whole one.
 * Lines are folded near 78 bytes and never reach 998.  Methods that pass the
 * ceiling of the buffer are left out as a whole.
 */
#ifndef MAILAUTH_AUTH_WRITER_H
#define MAILAUTH_AUTH_WRITER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/text.h"

struct auth_writer {
	struct buf *to;
	unsigned line; /* bytes in the line so far */
	bool has_methods;
	size_t id_end; /* bytes of the id */
	size_t whole;  /* bytes before the method that may not fit */
};

/* Begins with the id, which must not be empty. */
void auth_write_begin(struct auth_writer *writer, struct buf *to,
		      struct text id);
/* ";" fold ("\r\n\t"), "method=result": words of ours. */
void auth_write_method(struct auth_writer *writer, const char *method,
		       const char *result);
/* " (comment)" */
void auth_write_comment(struct auth_writer *writer, struct text comment);
/* " reason=\"...\"", before the properties of its method. */
void auth_write_reason(struct auth_writer *writer, struct text reason);
/* " type.name=value"; the value is quoted unless it is made of letters,
 * digits and ".-_+", or is such an address.  Empty values are left out. */
void auth_write_property(struct auth_writer *writer, const char *type,
			 const char *name, struct text value);
/* "; none" if no method was written.  Afterwards buf_ok holds, if there was
 * room for the id. */
void auth_write_end(struct auth_writer *writer);

#endif
