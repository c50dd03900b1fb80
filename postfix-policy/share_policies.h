/* share_policies.h - MTA-STS policies to the database and from it */
#ifndef POSTFIX_POLICY_SHARE_POLICIES_H
#define POSTFIX_POLICY_SHARE_POLICIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct pg;
struct sts_cache;
struct why;

/* Where this host is in the row of changes. */
struct share_place {
	char changed[40]; /* Unix time with fractions, as the database has it */
	int64_t used_s;	  /* uses were last told; 0: never */
	size_t refused;	  /* foreign policies that were none, so far */
};

/* Hands out what the database lacks, takes what it has and we have not, once
 * a day tells what was used and removes what is over.  False with the reason;
 * what was done stays done. */
bool share_policies(struct sts_cache *cache, struct pg *pg,
		    struct share_place *place, int64_t now_s, struct why *why);

#endif
