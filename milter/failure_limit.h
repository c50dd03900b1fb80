/* failure_limit.h - how many DMARC failures are told at the source
 *
 * RFC 9991 wants a rate limit, and a flood of failing mail must not become a
 * flood of facts: in one minute at most FAILURE_LIMIT_DOMAIN of one policy
 * domain and FAILURE_LIMIT_ALL in all.  What is left out is counted and told
 * with the next one of its domain.  Domains share 1024 counters: two that
 * meet in one share its limit.  Any thread may call.
 */
#ifndef MILTER_FAILURE_LIMIT_H
#define MILTER_FAILURE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define FAILURE_LIMIT_DOMAIN 10
#define FAILURE_LIMIT_ALL 100

struct failure_limit;

struct failure_limit *failure_limit_new(void);
/* NULL is allowed. */
void failure_limit_free(struct failure_limit *limit);

/* May one of this domain be told?  If so, *left_out says how many of its
 * domain were not since the last one. */
bool failure_limit_take(struct failure_limit *limit, struct text domain,
			int64_t now_s, uint64_t *left_out);

#endif
