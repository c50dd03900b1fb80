/* sts_cache.h - the MTA-STS policies of other domains (RFC 8461 section 5)
 *
 * In memory, packed, and in one file, so that a restart forgets nothing.  For
 * each answer the record is asked (the resolver keeps it for its time to
 * live); a new id means a new fetch, and what was known before counts until
 * that succeeds or its max_age is over.  A domain without a record leaves
 * nothing here: that answer is the resolver's to keep.
 *
 * Safe from any thread.  A fetch runs in a thread of the cache's own, one for
 * a domain however many ask, and goes on when those who asked have gone.
 */
#ifndef POSTFIX_POLICY_STS_CACHE_H
#define POSTFIX_POLICY_STS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/domain.h"
#include "base/text.h"
#include "mailtls/sts_state.h"
#include "postfix-policy/sts_settings.h"

struct arena;
struct https;
struct resolver;
struct sts_cache;
struct why;

/* Reads the file.  One that is damaged loses the damaged lines, and one that
 * cannot be read counts as empty: both are logged.  NULL with the reason only
 * if HTTPS cannot be set up.  `settings` and `resolver` are kept.  Starts
 * threads: call it after service_start. */
struct sts_cache *sts_cache_open(const struct sts_settings *settings,
				 struct resolver *resolver, struct why *why);

/* Ends running fetches, writes the file.  NULL is allowed.  Nobody may ask
 * any more. */
void sts_cache_close(struct sts_cache *cache);

/* What counts for the domain.  Blocks until the deadline at most; what could
 * not be found out by then is STS_TEMPERROR, or the policy from before.
 * `now_ms` is Unix time (clock_unix_ms).  All of `state` lies in the arena.
 * `resolver` may be another than the cache's, such as one with a memo. */
void sts_cache_get(struct sts_cache *cache, struct arena *arena,
		   struct resolver *resolver, struct domain domain,
		   int64_t now_ms, struct deadline deadline,
		   struct sts_state *state);

/* Looks after the policies until sts_cache_close: fetches again before they
 * end, forgets what is not used, writes the file. */
void sts_cache_start(struct sts_cache *cache);

/* The policy of this domain is forgotten, to be fetched when next asked
 * for. */
void sts_cache_forget(struct sts_cache *cache, struct domain domain);

/* For metrics and tests. */
struct sts_cache_counts {
	uint64_t policies, bytes;   /* now, in memory */
	uint64_t fetches, failures; /* since the start */
	uint64_t refreshes;	    /* policies looked at again */
	uint64_t fallbacks;	    /* answers with an older policy */
	uint64_t forgotten;	    /* nobody asked, or the time was over */
	uint64_t file_errors;
	uint64_t running; /* fetches and refreshes now */
};
struct sts_cache_counts sts_cache_counts(struct sts_cache *cache);

#endif
