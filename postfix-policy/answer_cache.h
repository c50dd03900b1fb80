/* answer_cache.h - replies that are known, ready to be sent
 *
 * One entry for each destination, with its reply in each dialect that is
 * asked here.  Belongs to the thread that serves: finding takes no lock and
 * no memory.  Bounded in entries and bytes; what was used longest ago goes
 * first.
 *
 * An entry has two moments: from the first on it is to be looked up again if
 * it was used since it came, at the second it is gone.
 */
#ifndef POLICY_ANSWER_CACHE_H
#define POLICY_ANSWER_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* dialects of the socketmap */
#define ANSWER_DIALECTS 4

struct answer_cache;

/* What is kept; in what `answer_cache_find` gives, texts lie in the entry and
 * live until the next call that may change the cache. */
struct answer {
	struct text name;
	struct text replies[ANSWER_DIALECTS]; /* netstrings; empty: not known */
	struct text told; /* what the collector is told, without its beginning;
			     empty: nothing, or see `tells` */
	bool tells;	  /* the collector is to be told of this answer */
	bool used;	  /* counts as used already */
	uint32_t life_ms; /* that it was given; borne along */
	int64_t again_ms, ends_ms;
};

struct answer_cache *answer_cache_new(size_t most_entries, size_t most_bytes);
void answer_cache_free(struct answer_cache *cache);

/* Copies; an entry of the same name is replaced. */
void answer_cache_put(struct answer_cache *cache, const struct answer *answer);

/* False if there is none, or its time has passed.  Counts as use. */
bool answer_cache_find(struct answer_cache *cache, struct text name,
		       int64_t now_ms, struct answer *answer);

/* Drops what has ended, and gives one that is to be looked up again: once for
 * each entry.  False if there is none now. */
bool answer_cache_due(struct answer_cache *cache, int64_t now_ms,
		      struct answer *answer);

/* When answer_cache_due has something to do; INT64_MAX: never. */
int64_t answer_cache_next_ms(const struct answer_cache *cache);

/* Forgets all. */
void answer_cache_clear(struct answer_cache *cache);

size_t answer_cache_entries(const struct answer_cache *cache);
size_t answer_cache_bytes(const struct answer_cache *cache);

#endif
