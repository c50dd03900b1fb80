/* auth_claims.h - whose Authentication-Results field it claims to be
 *
 * For taking out what others wrote in our name (RFC 8601 section 5).  A
 * strict parser is not enough, since it is a lenient reader behind us that
 * is to be fooled: the field is ours if any reader could think so.
 */
#ifndef MAILAUTH_AUTH_CLAIMS_H
#define MAILAUTH_AUTH_CLAIMS_H

#include <stdbool.h>

#include "base/text.h"

struct arena;

/* Whether a field value claims to come from `id`, in any spelling: case,
 * final dots, quotes and quoted pairs, comments before, after and inside,
 * folding, space inside, a version behind it, U-labels for A-labels, cut
 * short by a NUL or any other byte that no domain has.  A value without an
 * authserv-id ("dkim=pass ...", "; dkim=pass", an encoded word) claims every
 * id, since its reader supplies one.  Works on any bytes. */
bool auth_results_claims(struct arena *arena, struct text value,
			 struct text id);

/* The authserv-id that a value seems to carry, normalised (lower case,
 * A-labels, no final dot); empty if there is none. */
struct text auth_results_claimed_id(struct arena *arena, struct text value);

#endif
