#include "postfix-policy/answer_cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/xalloc.h"

/* what the C library's allocator and the heap take for each entry */
#define OVERHEAD_BYTES 24

/* Name and texts lie behind it, one after the other. */
struct entry {
	struct entry *next;	     /* in the bucket */
	struct entry *newer, *older; /* in the order of use */
	int64_t due_ms, ends_ms;
	uint32_t hash;
	uint32_t due_at; /* in the heap */
	uint32_t lengths[ANSWER_DIALECTS], told_length, life_ms;
	uint8_t name_length;
	bool used, tells;
	char bytes[];
};

struct answer_cache {
	struct entry **buckets;
	size_t bucket_count; /* a power of two */
	struct entry **heap; /* the first is due first */
	size_t heap_room;
	struct entry *newest, *oldest;
	size_t entries, bytes, most_entries, most_bytes;
	uint64_t seed;
};

/* Others choose the names: the seed keeps them from choosing the bucket. */
static uint32_t
hash_name(const struct answer_cache *cache, struct text name)
{
	uint64_t hash = cache->seed, word;
	const char *at = name.at;
	size_t left = name.len;

	while (left > 0) {
		size_t step = left < 8 ? left : 8;

		word = step;
		memcpy(&word, at, step);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 32;
		at += step;
		left -= step;
	}
	return (uint32_t)((hash * 0xd6e8feb86659fd93u) >> 32);
}

static struct text
name_of(const struct entry *entry)
{
	return text_of(entry->bytes, entry->name_length);
}

static size_t
entry_bytes(const struct entry *entry)
{
	size_t bytes = sizeof(*entry) + OVERHEAD_BYTES + entry->name_length +
		       entry->told_length;
	size_t i;

	for (i = 0; i < ANSWER_DIALECTS; i++)
		bytes += entry->lengths[i];
	return bytes;
}

struct answer_cache *
answer_cache_new(size_t most_entries, size_t most_bytes)
{
	struct answer_cache *cache = xcalloc(1, sizeof(*cache));

	cache->most_entries = most_entries > 0 ? most_entries : 1;
	cache->most_bytes = most_bytes;
	cache->bucket_count = 64;
	cache->buckets = xcalloc(cache->bucket_count, sizeof(struct entry *));
	if (getrandom(&cache->seed, sizeof(cache->seed), 0) < 0)
		cache->seed = (uintptr_t)cache;
	return cache;
}

void
answer_cache_free(struct answer_cache *cache)
{
	if (cache == NULL)
		return;
	answer_cache_clear(cache);
	free(cache->buckets);
	free(cache->heap);
	free(cache);
}

/* --- buckets --- */

static struct entry **
bucket_of(const struct answer_cache *cache, uint32_t hash)
{
	return &cache->buckets[hash & (cache->bucket_count - 1)];
}

static void
grow_buckets(struct answer_cache *cache)
{
	struct entry **old = cache->buckets, *entry, *next, **bucket;
	size_t count = cache->bucket_count, i;

	cache->bucket_count = count * 2;
	cache->buckets = xcalloc(cache->bucket_count, sizeof(struct entry *));
	for (i = 0; i < count; i++)
		for (entry = old[i]; entry != NULL; entry = next) {
			next = entry->next;
			bucket = bucket_of(cache, entry->hash);
			entry->next = *bucket;
			*bucket = entry;
		}
	free(old);
}

static struct entry *
find(const struct answer_cache *cache, struct text name, uint32_t hash)
{
	struct entry *entry = *bucket_of(cache, hash);

	while (entry != NULL &&
	       (entry->hash != hash || !text_equal(name_of(entry), name)))
		entry = entry->next;
	return entry;
}

/* --- order of use --- */

static void
unlink_use(struct answer_cache *cache, struct entry *entry)
{
	*(entry->newer != NULL ? &entry->newer->older : &cache->newest) =
	    entry->older;
	*(entry->older != NULL ? &entry->older->newer : &cache->oldest) =
	    entry->newer;
}

static void
link_newest(struct answer_cache *cache, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = cache->newest;
	*(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) =
	    entry;
	cache->newest = entry;
}

/* --- heap of moments --- */

static void
heap_set(struct answer_cache *cache, size_t at, struct entry *entry)
{
	cache->heap[at] = entry;
	entry->due_at = (uint32_t)at;
}

static void
heap_rise(struct answer_cache *cache, struct entry *entry)
{
	size_t at = entry->due_at, above;

	while (at > 0) {
		above = (at - 1) / 2;
		if (cache->heap[above]->due_ms <= entry->due_ms)
			break;
		heap_set(cache, at, cache->heap[above]);
		at = above;
	}
	heap_set(cache, at, entry);
}

static void
heap_sink(struct answer_cache *cache, struct entry *entry)
{
	size_t at = entry->due_at, below;

	for (;;) {
		below = 2 * at + 1;
		if (below >= cache->entries)
			break;
		if (below + 1 < cache->entries &&
		    cache->heap[below + 1]->due_ms < cache->heap[below]->due_ms)
			below++;
		if (cache->heap[below]->due_ms >= entry->due_ms)
			break;
		heap_set(cache, at, cache->heap[below]);
		at = below;
	}
	heap_set(cache, at, entry);
}

static void
heap_add(struct answer_cache *cache, struct entry *entry)
{
	if (cache->entries == cache->heap_room) {
		cache->heap_room =
		    cache->heap_room > 0 ? cache->heap_room * 2 : 64;
		cache->heap = xrealloc(cache->heap, cache->heap_room,
				       sizeof(struct entry *));
	}
	entry->due_at = (uint32_t)cache->entries++;
	heap_rise(cache, entry);
}

static void
heap_remove(struct answer_cache *cache, struct entry *entry)
{
	struct entry *last = cache->heap[--cache->entries];

	if (last == entry)
		return;
	heap_set(cache, entry->due_at, last);
	heap_rise(cache, last);
	heap_sink(cache, last);
}

/* --- entries --- */

static void
drop(struct answer_cache *cache, struct entry *entry)
{
	struct entry **at = bucket_of(cache, entry->hash);

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	unlink_use(cache, entry);
	heap_remove(cache, entry);
	cache->bytes -= entry_bytes(entry);
	free(entry);
}

static char *
append(char *to, struct text text)
{
	if (text.len > 0)
		memcpy(to, text.at, text.len);
	return to + text.len;
}

static struct entry *
make_entry(const struct answer *answer, uint32_t hash)
{
	size_t bytes = answer->name.len + answer->told.len, i;
	struct entry *entry;
	char *to;

	for (i = 0; i < ANSWER_DIALECTS; i++)
		bytes += answer->replies[i].len;
	entry = xcalloc(1, sizeof(*entry) + bytes);
	entry->hash = hash;
	entry->due_ms = answer->again_ms < answer->ends_ms ? answer->again_ms
							   : answer->ends_ms;
	entry->ends_ms = answer->ends_ms;
	entry->tells = answer->tells;
	entry->used = answer->used;
	entry->life_ms = answer->life_ms;
	entry->name_length = (uint8_t)answer->name.len;
	entry->told_length = (uint32_t)answer->told.len;
	to = append(entry->bytes, answer->name);
	for (i = 0; i < ANSWER_DIALECTS; i++) {
		entry->lengths[i] = (uint32_t)answer->replies[i].len;
		to = append(to, answer->replies[i]);
	}
	append(to, answer->told);
	return entry;
}

void
answer_cache_put(struct answer_cache *cache, const struct answer *answer)
{
	uint32_t hash = hash_name(cache, answer->name);
	struct entry *entry = find(cache, answer->name, hash), **bucket;

	/* `answer` may borrow from the entry that is replaced */
	struct entry *made = NULL;

	if (answer->name.len <= UINT8_MAX)
		made = make_entry(answer, hash);
	if (entry != NULL)
		drop(cache, entry);
	if (made == NULL)
		return;
	if (cache->entries >= cache->bucket_count)
		grow_buckets(cache);
	bucket = bucket_of(cache, hash);
	made->next = *bucket;
	*bucket = made;
	link_newest(cache, made);
	heap_add(cache, made);
	cache->bytes += entry_bytes(made);
	while (cache->oldest != cache->newest &&
	       (cache->entries > cache->most_entries ||
		cache->bytes > cache->most_bytes))
		drop(cache, cache->oldest);
}

static void
show(const struct entry *entry, struct answer *answer)
{
	const char *at = entry->bytes;
	size_t i;

	answer->name = name_of(entry);
	at += entry->name_length;
	for (i = 0; i < ANSWER_DIALECTS; i++) {
		answer->replies[i] = text_of(at, entry->lengths[i]);
		at += entry->lengths[i];
	}
	answer->told = text_of(at, entry->told_length);
	answer->tells = entry->tells;
	answer->used = entry->used;
	answer->life_ms = entry->life_ms;
	answer->again_ms = entry->due_ms;
	answer->ends_ms = entry->ends_ms;
}

bool
answer_cache_find(struct answer_cache *cache, struct text name, int64_t now_ms,
		  struct answer *answer)
{
	struct entry *entry = find(cache, name, hash_name(cache, name));

	if (entry == NULL || entry->ends_ms <= now_ms)
		return false;
	entry->used = true;
	if (entry != cache->newest) {
		unlink_use(cache, entry);
		link_newest(cache, entry);
	}
	show(entry, answer);
	return true;
}

bool
answer_cache_due(struct answer_cache *cache, int64_t now_ms,
		 struct answer *answer)
{
	struct entry *entry;

	while (cache->entries > 0 && cache->heap[0]->due_ms <= now_ms) {
		entry = cache->heap[0];
		if (entry->ends_ms <= now_ms) {
			drop(cache, entry);
			continue;
		}
		entry->due_ms = entry->ends_ms;
		heap_sink(cache, entry);
		show(entry, answer);
		if (entry->used)
			return true;
	}
	return false;
}

int64_t
answer_cache_next_ms(const struct answer_cache *cache)
{
	return cache->entries > 0 ? cache->heap[0]->due_ms : INT64_MAX;
}

void
answer_cache_clear(struct answer_cache *cache)
{
	while (cache->oldest != NULL)
		drop(cache, cache->oldest);
}

size_t
answer_cache_entries(const struct answer_cache *cache)
{
	return cache->entries;
}

size_t
answer_cache_bytes(const struct answer_cache *cache)
{
	return cache->bytes;
}
