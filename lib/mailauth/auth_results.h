/* auth_results.h - Authentication-Results fields (RFC 8601) */
#ifndef MAILAUTH_AUTH_RESULTS_H
#define MAILAUTH_AUTH_RESULTS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/text.h"

struct arena;
struct why;

/* --- reading --- */

struct auth_property {
	struct text type, name, value; /* "header" "from" "example.com" */
	struct auth_property *next;
};

struct auth_method {
	struct text method, version, result, reason;
	struct auth_property *properties;
	struct auth_method *next;
};

struct auth_results {
	struct text id;	     /* authserv-id, unquoted, comments removed */
	struct text version; /* "" or "1" */
	struct auth_method *methods; /* NULL for "none" */
};

/* Strict by the grammar of section 2.2, except that what is common in the
 * wild and harmless is read (trailing ';', '/' '+' '=' unquoted in values).
 * Everything is copied into the arena. */
bool auth_results_parse(struct arena *arena, struct text value,
			struct auth_results *results, struct why *why);

/* Whether a field value claims to come from `id`, in any spelling: case,
 * final dot, quotes and quoted pairs, comments before and after, folding, a
 * version behind it, U-labels for A-labels, cut short by a NUL.  Works on
 * fields that do not parse otherwise. */
bool auth_results_claims(struct arena *arena, struct text value,
			 struct text id);

/* The authserv-id a value seems to carry, normalised (lower case, A-labels,
 * no final dot); empty if there is none. */
struct text auth_results_claimed_id(struct arena *arena, struct text value);

/* --- writing --- */

struct auth_writer {
	struct buf *to;
	unsigned line; /* bytes in the line so far */
};

/* Begins "id" and folds before each method ("\r\n\t" between). */
void auth_write_begin(struct auth_writer *writer, struct buf *to,
		      struct text id);
/* ";" fold, "method=result". */
void auth_write_method(struct auth_writer *writer, const char *method,
		       const char *result);
/* " (comment)": parentheses, backslashes and control bytes are made
 * harmless; non-ASCII becomes "?". */
void auth_write_comment(struct auth_writer *writer, struct text comment);
/* " reason=\"...\"" */
void auth_write_reason(struct auth_writer *writer, struct text reason);
/* " type.name=value"; the value is quoted unless it is a token (or a domain
 * or address that the grammar takes bare), and can hold any bytes. Empty
 * values are left out. */
void auth_write_property(struct auth_writer *writer, const char *type,
			 const char *name, struct text value);
/* "; none" if no method was written. */
void auth_write_end(struct auth_writer *writer);

#endif
