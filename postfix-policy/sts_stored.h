/* sts_stored.h - one policy as it lies in the file of the cache
 *
 * A line of its own for each, so that damage stays in its line:
 *
 *     SUM + DOMAIN ID FETCHED CHECKED USED FILE
 *     SUM - DOMAIN
 *
 * with single tabs between.  The second form says that the domain has no entry
 * any more; the last line for a domain counts.  Times are Unix seconds; in
 * FILE what is not printable ASCII, and '%', is "%XX".  SUM is the 64-bit
 * FNV-1a of what stands behind it, in hexadecimal: against torn writes and
 * worn disks, not against people.
 */
#ifndef POSTFIX_POLICY_STS_STORED_H
#define POSTFIX_POLICY_STS_STORED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/domain.h"
#include "base/text.h"
#include "mailtls/sts_policy.h"

struct arena;
struct buf;
struct why;

struct sts_stored {
	struct domain domain;
	bool gone;	   /* nothing below counts */
	struct text id;	   /* may be empty: it was not known */
	struct text file;  /* as it was served */
	int64_t fetched_s; /* the file came */
	int64_t checked_s; /* it was last known to be current: max_age counts
			      from here */
	int64_t used_s;	   /* somebody asked */
};

/* the longest line, with its end: every byte of the file escaped */
#define STS_STORED_LINE_BYTES (3 * LIMIT_STS_FILE_BYTES + 1024)

/* With the final newline. */
void sts_stored_write(struct buf *to, const struct sts_stored *stored);

/* A line without its newline; what is in `stored` lies in the arena.  Only
 * the form is looked at: see sts_stored_check. */
bool sts_stored_parse(struct arena *arena, struct text line,
		      struct sts_stored *stored, struct why *why);

/* Whether this can count, wherever it came from: the id and the file are what
 * they should be.  Times that lie ahead become now.  `policy` gets what the
 * file says. */
bool sts_stored_check(struct arena *arena, struct sts_stored *stored,
		      int64_t now_s, struct sts_policy *policy,
		      struct why *why);

#endif
