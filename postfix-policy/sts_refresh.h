/* sts_refresh.h - policies are looked at before they end, and forgotten when
 * nobody needs them (RFC 8461 section 10.2) */
#ifndef POSTFIX_POLICY_STS_REFRESH_H
#define POSTFIX_POLICY_STS_REFRESH_H

#include <stdint.h>

#include "postfix-policy/sts_store.h"

/* One round: forgets what is over or unused, starts refreshes that are due, a
 * few at a time, and writes the file.  For the thread below, and for tests,
 * which have a time of their own. */
void sts_refresh_round(struct sts_cache *cache, int64_t now_s);

/* A thread that makes such rounds: each minute, and to write the file when
 * something is new. */
void sts_refresh_start(struct sts_cache *cache);
/* Ends the thread. */
void sts_refresh_stop(struct sts_cache *cache);

#endif
