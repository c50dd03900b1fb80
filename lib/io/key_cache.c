#include "io/key_cache.h"

#include <pthread.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/xalloc.h"

/* Keys whose bytes lead to the same set compete for its ways. */
#define WAYS 8
#define SETS (LIMIT_CACHED_KEYS / WAYS)

struct entry {
	struct arena *arena; /* of what follows; NULL: free */
	struct text der;
	struct public_key *key;
	uint64_t used; /* higher: later */
};

struct key_cache {
	struct public_key_source source; /* first: it is this */
	pthread_mutex_t lock;
	uint64_t clock;
	size_t count;
	struct entry entries[SETS][WAYS];
};

/* Who sends keys that all lead to one set only drives out his own and those
 * of its few neighbours. */
static struct entry *
set_of(struct key_cache *cache, struct text der)
{
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < der.len; i++)
		hash = (hash ^ (unsigned char)der.at[i]) * 16777619u;
	return cache->entries[hash % SETS];
}

static struct public_key *
find(struct key_cache *cache, struct entry *set, struct arena *arena,
     struct text der)
{
	struct public_key *key = NULL;
	size_t i;

	pthread_mutex_lock(&cache->lock);
	for (i = 0; i < WAYS && key == NULL; i++)
		if (set[i].arena != NULL && text_equal(set[i].der, der)) {
			set[i].used = ++cache->clock;
			key = public_key_share(arena, set[i].key);
		}
	pthread_mutex_unlock(&cache->lock);
	return key;
}

static void
keep(struct key_cache *cache, struct entry *set, struct text der,
     const struct public_key *key)
{
	struct entry fresh = {.arena = arena_new()}, old;
	struct entry *oldest = set;
	size_t i;

	fresh.der = text_copy(fresh.arena, der);
	fresh.key = public_key_share(fresh.arena, key);
	pthread_mutex_lock(&cache->lock);
	for (i = 1; i < WAYS; i++)
		if (set[i].used < oldest->used)
			oldest = &set[i];
	old = *oldest;
	fresh.used = ++cache->clock;
	*oldest = fresh;
	if (old.arena == NULL)
		cache->count++;
	pthread_mutex_unlock(&cache->lock);
	arena_free(old.arena);
}

/* Two threads that miss the same key at once both keep it; the one that is
 * not found any more goes with time. */
static struct public_key *
rsa(struct public_key_source *source, struct arena *arena, struct text der,
    struct why *why)
{
	struct key_cache *cache = (struct key_cache *)source;
	struct entry *set = set_of(cache, der);
	struct public_key *key = find(cache, set, arena, der);

	if (key != NULL)
		return key;
	key = public_key_rsa(arena, der, why);
	if (key != NULL)
		keep(cache, set, der, key);
	return key;
}

struct key_cache *
key_cache_new(void)
{
	struct key_cache *cache = xcalloc(1, sizeof(*cache));

	pthread_mutex_init(&cache->lock, NULL);
	cache->source.rsa = rsa;
	return cache;
}

void
key_cache_free(struct key_cache *cache)
{
	size_t i;

	if (cache == NULL)
		return;
	for (i = 0; i < LIMIT_CACHED_KEYS; i++)
		arena_free(cache->entries[i / WAYS][i % WAYS].arena);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

struct public_key_source *
key_cache_source(struct key_cache *cache)
{
	return &cache->source;
}

size_t
key_cache_count(struct key_cache *cache)
{
	size_t count;

	pthread_mutex_lock(&cache->lock);
	count = cache->count;
	pthread_mutex_unlock(&cache->lock);
	return count;
}
