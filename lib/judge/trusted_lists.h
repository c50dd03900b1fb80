/* trusted_lists.h - mailing lists that users vouch for, as a file
 *
 * signet-mailbox writes it from the rules of its users, signet-milter reads
 * it.  Lines, in the order of struct text:
 *
 *	signet-lists 1
 *	talk.lists.example lists.example 12
 *	end 1
 *
 * The identifier of the list, the domain that must be verified, how many
 * accounts have a rule for it.  Lines that begin with '#' are comments.  The
 * last line tells how many there are, so a part of a file is none.
 */
#ifndef JUDGE_TRUSTED_LISTS_H
#define JUDGE_TRUSTED_LISTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/domain.h"
#include "base/text.h"

struct arena;
struct buf;
struct why;

struct trusted_list {
	struct text id; /* lower case, as of list_id.h */
	struct domain domain;
	uint64_t accounts;
};

struct trusted_lists {
	struct trusted_list *values; /* by id, then domain */
	size_t count;
};

/* At most LIMIT_TRUSTED_LISTS lists.  A list that does not end in its domain,
 * a domain of one label, a line twice, and any other line are errors.  Lies
 * in the arena. */
bool trusted_lists_parse(struct arena *arena, struct text text,
			 struct trusted_lists *lists, struct why *why);

/* Sorts the lists and writes them. */
void trusted_lists_write(struct trusted_lists *lists, struct buf *to);

/* The entry of a list with a verified domain that is its domain or below it;
 * NULL if there is none. */
const struct trusted_list *trusted_lists_find(const struct trusted_lists *lists,
					      struct text id,
					      struct domain verified);

#endif
