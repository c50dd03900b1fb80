/* model_cache.h - models of the accounts that mail comes for
 *
 * Bounded by the bytes of what it holds; what was not asked for the longest
 * goes first.  What is asked for and is not here, or is known to have changed,
 * is loaded by other threads (model_loader.h) while who asks waits a little;
 * while Postgres is away nobody waits and what is here counts, however old.
 * Any function from any thread.
 */
#ifndef DOVECOT_PLUGIN_MODEL_CACHE_H
#define DOVECOT_PLUGIN_MODEL_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/text.h"

struct arena;
struct model;
struct model_cache;
struct model_wish;

struct model_cache *model_cache_new(uint64_t most_bytes);
/* When no thread uses it any more and all copies are given back. */
void model_cache_free(struct model_cache *cache);

/* The newest copy there is, to be given back with model_cache_release; NULL if
 * there is none.  Waits for a newer one until the deadline at most. */
struct model *model_cache_get(struct model_cache *cache, struct text account,
			      struct deadline deadline);
/* NULL is allowed. */
void model_cache_release(struct model_cache *cache, struct model *model);

/* Around a change: from begin on who asks waits for a newer copy, and gets
 * one that was loaded after end. */
void model_cache_change_begin(struct model_cache *cache, struct text account);
void model_cache_change_end(struct model_cache *cache, struct text account);

/* Somebody else changed it: it is loaded again, and nobody waits. */
void model_cache_outdated(struct model_cache *cache, struct text account);

/* For who loads: what is wanted next; its name is copied into the arena.
 * Waits for one; NULL: the end.  Each wish ends with put or fail. */
struct model_wish *model_cache_next(struct model_cache *cache,
				    struct arena *arena, struct text *account);
/* The cache owns the model from now on. */
void model_cache_put(struct model_cache *cache, struct model_wish *wish,
		     struct model *model);
/* Postgres is away: from now on nobody waits, and nothing is wished for. */
void model_cache_fail(struct model_cache *cache, struct model_wish *wish);
void model_cache_is_back(struct model_cache *cache);
/* model_cache_next and model_cache_get wait no more. */
void model_cache_stop(struct model_cache *cache);

/* Accounts that are here, and the version of each. */
struct model_version {
	struct text account;
	int64_t version;
};
size_t model_cache_list(struct model_cache *cache, struct arena *arena,
			struct model_version **list);

struct model_cache_counts {
	uint64_t accounts, bytes;
	uint64_t hits, loads, vain, dropped; /* vain: waits without a copy */
	bool is_away;
};
struct model_cache_counts model_cache_counts(struct model_cache *cache);

#endif
