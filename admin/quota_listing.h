/* quota_listing.h - what `doveadm -f tab quota get` prints
 *
 * A line of names, then for each account and quota root a line with STORAGE,
 * in KiB, and one with MESSAGE; "-" is no limit.  Bytes that would break the
 * table stand behind 0x01.  Names of columns count, not their places; the
 * account has a column only if several were asked for.
 */
#ifndef ADMIN_QUOTA_LISTING_H
#define ADMIN_QUOTA_LISTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct arena;
struct why;

/* Columns of a line; -1: there is none. */
struct quota_columns {
	int account, root, type, value, limit;
};

enum quota_type { QUOTA_TYPE_NONE, QUOTA_STORAGE, QUOTA_MESSAGE, QUOTA_OTHER };

struct quota_line {
	struct text account; /* empty without the column */
	struct text root;
	enum quota_type type;
	uint64_t value, limit; /* KiB or messages; limit 0: none */
};

/* The line of names. */
bool quota_columns_parse(struct text line, struct quota_columns *columns,
			 struct why *why);

/* One line; texts in the arena or borrowed.  False also for text that is no
 * UTF-8: the database would not take it. */
bool quota_line_parse(struct arena *arena, struct text line,
		      const struct quota_columns *columns,
		      struct quota_line *parsed, struct why *why);

#endif
