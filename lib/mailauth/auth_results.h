/* auth_results.h - reading Authentication-Results (RFC 8601 section 2.2)
 *
 * Whose field it is tells auth_claims.h; auth_writer.h writes them.
 */
#ifndef MAILAUTH_AUTH_RESULTS_H
#define MAILAUTH_AUTH_RESULTS_H

#include <stdbool.h>

#include "base/text.h"
#include "mailauth/auth_claims.h"
#include "mailauth/auth_writer.h"

struct arena;
struct why;

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
	bool lax;		     /* read by one of the exceptions */
};

/* Strict by the grammar, except that what is common and harmless is read:
 * a ';' at the end, a reason behind properties, '/' in an authserv-id, '/'
 * '=' ':' and '?' unquoted in values.  More than LIMIT_AUTH_RESULTS_METHODS
 * methods or LIMIT_AUTH_RESULTS_BYTES bytes are an error.  The results lie in
 * the arena or borrow from `value`. */
bool auth_results_parse(struct arena *arena, struct text value,
			struct auth_results *results, struct why *why);

#endif
