/* list_id.h - the name of a mailing list (RFC 2919) */
#ifndef JUDGE_LIST_ID_H
#define JUDGE_LIST_ID_H

#include <stdbool.h>

#include "base/domain.h"
#include "base/text.h"

struct arena;
struct why;

/* The identifier in the value of a List-Id field, in lower case (section 6:
 * it compares without case): what stands between '<' and '>' behind whatever
 * words, strings and comments, or the whole value if there are no brackets,
 * as some lists write it.  Two brackets, text behind them, anything but
 * atext and single dots inside, no dot at all, and more than
 * LIMIT_LIST_ID_BYTES are errors.  A copy. */
bool list_id_parse(struct arena *arena, struct text value, struct text *id,
		   struct why *why);

/* True if the identifier is the domain or stands below it: section 2 has the
 * owner of a domain give out what ends in it. */
bool list_id_is_within(struct text id, struct domain domain);

#endif
