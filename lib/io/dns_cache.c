#include "io/dns_cache.h"

#include <pthread.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/xalloc.h"
#include "io/dns_packed.h"

#define PARTS 16
/* An answer above this is asked again each time. */
#define MOST_ANSWER_BYTES (16u << 10)
/* What an entry may take on average; small ones leave room for large. */
#define MEAN_ENTRY_BYTES 1024

struct entry {
	struct entry *next;	     /* in the bucket */
	struct entry *newer, *older; /* in the order of use */
	uint64_t hash;
	int64_t stored_ms, expires_ms;
	size_t bytes;
	enum dns_type type;
	struct text name;
	struct dns_packed *packed; /* behind the name, same allocation */
};

struct part {
	_Alignas(64) pthread_mutex_t lock;
	struct entry **buckets;
	struct entry *newest, *oldest;
	size_t entries, bytes;
};

struct dns_cache {
	struct part parts[PARTS];
	size_t buckets;			 /* of one part; a power of two */
	size_t most_entries, most_bytes; /* of one part */
	uint64_t seed;
};

struct dns_cache *
dns_cache_new(size_t most_entries)
{
	struct dns_cache *cache = aligned_alloc(64, sizeof(*cache));
	size_t i;

	if (cache == NULL)
		abort();
	memset(cache, 0, sizeof(*cache));
	cache->most_entries =
	    most_entries / PARTS > 0 ? most_entries / PARTS : 1;
	cache->most_bytes =
	    cache->most_entries * MEAN_ENTRY_BYTES + MOST_ANSWER_BYTES;
	cache->buckets = 1;
	while (cache->buckets < cache->most_entries)
		cache->buckets *= 2;
	if (getrandom(&cache->seed, sizeof(cache->seed), 0) < 0)
		cache->seed = (uintptr_t)cache;
	for (i = 0; i < PARTS; i++) {
		pthread_mutex_init(&cache->parts[i].lock, NULL);
		cache->parts[i].buckets =
		    xcalloc(cache->buckets, sizeof(struct entry *));
	}
	return cache;
}

/* Others choose the names: the seed keeps them from choosing the bucket. */
static uint64_t
hash_name(const struct dns_cache *cache, struct text name, enum dns_type type)
{
	uint64_t hash = cache->seed ^ (uint64_t)type, word;
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
	return hash * 0xd6e8feb86659fd93u;
}

static struct part *
part_of(struct dns_cache *cache, uint64_t hash)
{
	return &cache->parts[hash >> 60];
}

static struct entry **
bucket_of(const struct dns_cache *cache, struct part *part, uint64_t hash)
{
	return &part->buckets[(hash >> 20) & (cache->buckets - 1)];
}

static void
unlink_use(struct part *part, struct entry *entry)
{
	*(entry->newer != NULL ? &entry->newer->older : &part->newest) =
	    entry->older;
	*(entry->older != NULL ? &entry->older->newer : &part->oldest) =
	    entry->newer;
}

static void
link_newest(struct part *part, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = part->newest;
	*(part->newest != NULL ? &part->newest->newer : &part->oldest) = entry;
	part->newest = entry;
}

static void
drop(struct dns_cache *cache, struct part *part, struct entry *entry)
{
	struct entry **at = bucket_of(cache, part, entry->hash);

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	unlink_use(part, entry);
	part->entries--;
	part->bytes -= entry->bytes;
	free(entry);
}

static struct entry *
find(struct dns_cache *cache, struct part *part, uint64_t hash,
     struct text name, enum dns_type type)
{
	struct entry *entry = *bucket_of(cache, part, hash);

	for (; entry != NULL; entry = entry->next)
		if (entry->hash == hash && entry->type == type &&
		    text_equal(entry->name, name))
			return entry;
	return NULL;
}

void
dns_cache_free(struct dns_cache *cache)
{
	size_t i;

	if (cache == NULL)
		return;
	for (i = 0; i < PARTS; i++) {
		struct part *part = &cache->parts[i];

		while (part->oldest != NULL)
			drop(cache, part, part->oldest);
		free(part->buckets);
		pthread_mutex_destroy(&part->lock);
	}
	free(cache);
}

static void
give(const struct entry *entry, int64_t now_ms, struct arena *arena,
     struct dns_answer *answer)
{
	uint64_t age_s = (uint64_t)(now_ms - entry->stored_ms) / 1000;

	dns_packed_copy(entry->packed, arena, answer);
	answer->ttl_s =
	    age_s < answer->ttl_s ? answer->ttl_s - (uint32_t)age_s : 0;
}

bool
dns_cache_get(struct dns_cache *cache, struct text name, enum dns_type type,
	      int64_t now_ms, struct arena *arena, struct dns_answer *answer)
{
	uint64_t hash = hash_name(cache, name, type);
	struct part *part = part_of(cache, hash);
	struct entry *entry;

	pthread_mutex_lock(&part->lock);
	entry = find(cache, part, hash, name, type);
	if (entry != NULL && now_ms >= entry->expires_ms) {
		drop(cache, part, entry);
		entry = NULL;
	}
	if (entry != NULL) {
		if (part->newest != entry) {
			unlink_use(part, entry);
			link_newest(part, entry);
		}
		give(entry, now_ms, arena, answer);
	}
	pthread_mutex_unlock(&part->lock);
	return entry != NULL;
}

static bool
is_worth_keeping(const struct dns_answer *answer)
{
	switch (answer->status) {
	case DNS_FOUND:
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return answer->ttl_s > 0;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		break;
	}
	return false;
}

static struct entry *
make_entry(struct text name, enum dns_type type, int64_t now_ms,
	   const struct dns_answer *answer, size_t size)
{
	size_t align = _Alignof(struct dns_packed);
	size_t at =
	    (sizeof(struct entry) + name.len + align - 1) / align * align;
	struct entry *entry = xcalloc(1, at + size);
	int64_t most_s = answer->status == DNS_FOUND ? DNS_CACHE_TTL_S
						     : DNS_CACHE_NEGATIVE_S;
	int64_t ttl_s = answer->ttl_s < most_s ? answer->ttl_s : most_s;

	entry->bytes = at + size;
	entry->type = type;
	entry->stored_ms = now_ms;
	entry->expires_ms = now_ms + ttl_s * 900;
	entry->name = text_of((char *)(entry + 1), name.len);
	memcpy(entry + 1, name.at, name.len);
	entry->packed = (struct dns_packed *)(void *)((char *)entry + at);
	dns_packed_init(entry->packed, size, answer);
	return entry;
}

void
dns_cache_put(struct dns_cache *cache, struct text name, enum dns_type type,
	      int64_t now_ms, const struct dns_answer *answer)
{
	uint64_t hash = hash_name(cache, name, type);
	struct part *part = part_of(cache, hash);
	size_t size = dns_packed_size(answer);
	struct entry *entry, *old, **bucket;

	if (!is_worth_keeping(answer) || size > MOST_ANSWER_BYTES)
		return;
	entry = make_entry(name, type, now_ms, answer, size);
	entry->hash = hash;
	pthread_mutex_lock(&part->lock);
	old = find(cache, part, hash, name, type);
	if (old != NULL)
		drop(cache, part, old);
	while (part->oldest != NULL &&
	       (part->entries >= cache->most_entries ||
		part->bytes + entry->bytes > cache->most_bytes))
		drop(cache, part, part->oldest);
	bucket = bucket_of(cache, part, hash);
	entry->next = *bucket;
	*bucket = entry;
	link_newest(part, entry);
	part->entries++;
	part->bytes += entry->bytes;
	pthread_mutex_unlock(&part->lock);
}

static size_t
sum_parts(struct dns_cache *cache, bool of_bytes)
{
	size_t sum = 0, i;

	for (i = 0; i < PARTS; i++) {
		struct part *part = &cache->parts[i];

		pthread_mutex_lock(&part->lock);
		sum += of_bytes ? part->bytes : part->entries;
		pthread_mutex_unlock(&part->lock);
	}
	return sum;
}

size_t
dns_cache_entries(struct dns_cache *cache)
{
	return sum_parts(cache, false);
}

size_t
dns_cache_bytes(struct dns_cache *cache)
{
	return sum_parts(cache, true);
}
