/* override_list.h - the operator's overrides, read from the database at once
 *
 * For commands that look once; the server has them from its own thread, which
 * keeps a copy for when the database is away (share.h).
 */
#ifndef POSTFIX_POLICY_OVERRIDE_LIST_H
#define POSTFIX_POLICY_OVERRIDE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "mailtls/tls_override.h"

struct arena;
struct pg;
struct why;

struct override_list {
	const struct tls_override *first;
	size_t count;
};

/* Those that have not ended.  One that cannot be read is kept with the level
 * UNSET, which makes mail wait: it was meant to say something. */
bool override_list_read(struct arena *arena, struct pg *pg,
			struct override_list *list, struct why *why);

/* One row of signet.tls_overrides() in its words.  `until_s` 0: no end.
 * False if not even the name can be read. */
bool override_list_make(struct arena *arena, struct text name,
			struct text level, struct text match,
			struct text reason, int64_t until_s,
			struct tls_override *override);

#endif
