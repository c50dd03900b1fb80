/* signature_writer.h - the tags of a signature field, folded (RFC 6376
 * sections 2.10, 2.11 and 3.5)
 *
 * Lines end before column 78, a tab counting as eight, wherever the tag
 * allows; no line ends in white space, and each line holds something else.
 * So a field comes through mail servers as it was signed.
 */
#ifndef MAILAUTH_SIGNATURE_WRITER_H
#define MAILAUTH_SIGNATURE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "mailauth/message.h"

struct arena;
struct private_key;
struct why;

struct signature_writer {
	struct arena *arena;
	struct text name; /* of the field */
	struct buf value;
	size_t column;
};

/* `name` is borrowed. */
void signature_write_begin(struct signature_writer *writer, struct arena *arena,
			   struct text name);

/* One tag whose value is never broken: our words, domains, numbers. */
void signature_write_tag(struct signature_writer *writer, const char *name,
			 struct text value);
void signature_write_number(struct signature_writer *writer, const char *name,
			    int64_t number);
/* t= and, with a lifetime above 0, x=. */
void signature_write_times(struct signature_writer *writer, int64_t now_s,
			   int64_t lifetime_s);
/* Field names with ':' between them. */
void signature_write_names(struct signature_writer *writer, const char *name,
			   const struct text *names, size_t count);
/* base64 */
void signature_write_bytes(struct signature_writer *writer, const char *name,
			   struct text bytes);

/* The field as it is signed, once "b=" is written at its end without a value:
 * that part is `b_whole` of dkim_canon_own_field. */
struct header_field signature_write_unsigned(struct signature_writer *writer,
					     struct text *b_whole);

/* Signs `hash` and puts the value behind "b=".  The whole value, which lies
 * in the arena. */
bool signature_write_end(struct signature_writer *writer,
			 const struct private_key *key, struct text hash,
			 struct text *value, struct why *why);

/* "rsa-sha256", "ed25519-sha256" */
const char *signature_algorithm(const struct private_key *key);

/* A selector in A-labels; false if it is none. */
bool signature_selector(struct arena *arena, struct text selector,
			struct text *a_labels, struct why *why);

#endif
