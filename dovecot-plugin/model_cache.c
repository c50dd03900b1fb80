#include "dovecot-plugin/model_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/xalloc.h"
#include "dovecot-plugin/model.h"
#include "io/clock.h"

#define BUCKETS 4096

/* One account. */
struct model_wish {
	struct model_wish *next; /* of the bucket */
	struct model_wish *older, *newer;
	struct model_wish *queue_next;
	char *account;
	size_t len;
	struct model *model; /* NULL: not loaded yet */
	/* The model is as new as can be if `has` equals `wants`. */
	uint64_t wants, has, loading;
	unsigned changing, waiting;
	bool queued, is_loading;
};

struct model_cache {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a model came, or waiting is in vain */
	pthread_cond_t wished;
	struct model_wish *buckets[BUCKETS];
	struct model_wish *oldest, *newest;
	struct model_wish *queue, **queue_end;
	uint64_t most_bytes;
	bool stopping;
	struct model_cache_counts counts;
};

struct model_cache *
model_cache_new(uint64_t most_bytes)
{
	struct model_cache *cache = xcalloc(1, sizeof(*cache));
	pthread_condattr_t clock;

	cache->most_bytes = most_bytes;
	cache->queue_end = &cache->queue;
	pthread_mutex_init(&cache->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&cache->changed, &clock);
	pthread_cond_init(&cache->wished, &clock);
	pthread_condattr_destroy(&clock);
	return cache;
}

/* --- accounts --- */

static struct model_wish **
bucket_of(struct model_cache *cache, struct text account)
{
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < account.len; i++)
		hash = (hash ^ (unsigned char)account.at[i]) * 16777619u;
	return &cache->buckets[hash % BUCKETS];
}

static struct model_wish *
find(struct model_cache *cache, struct text account)
{
	struct model_wish *one;

	for (one = *bucket_of(cache, account); one != NULL; one = one->next)
		if (text_equal(text_of(one->account, one->len), account))
			return one;
	return NULL;
}

static void
unlink_use(struct model_cache *cache, struct model_wish *one)
{
	*(one->older != NULL ? &one->older->newer : &cache->oldest) =
	    one->newer;
	*(one->newer != NULL ? &one->newer->older : &cache->newest) =
	    one->older;
	one->older = one->newer = NULL;
}

static void
link_use(struct model_cache *cache, struct model_wish *one)
{
	one->older = cache->newest;
	one->newer = NULL;
	*(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = one;
	cache->newest = one;
}

static uint64_t
own_bytes(const struct model_wish *one)
{
	return sizeof(*one) + one->len + 1;
}

static struct model_wish *
add(struct model_cache *cache, struct text account)
{
	struct model_wish **bucket = bucket_of(cache, account);
	struct model_wish *one = xcalloc(1, sizeof(*one));

	one->account = xcalloc(1, account.len + 1);
	if (account.len > 0)
		memcpy(one->account, account.at, account.len);
	one->len = account.len;
	one->wants = 1;
	one->next = *bucket;
	*bucket = one;
	link_use(cache, one);
	cache->counts.accounts++;
	cache->counts.bytes += own_bytes(one);
	return one;
}

static void
drop_model(struct model_cache *cache, struct model *model)
{
	if (model == NULL || --model->refs > 0)
		return;
	cache->counts.bytes -= model->bytes;
	model_free(model);
}

static void
drop(struct model_cache *cache, struct model_wish *one)
{
	struct model_wish **at =
	    bucket_of(cache, text_of(one->account, one->len));

	while (*at != one)
		at = &(*at)->next;
	*at = one->next;
	unlink_use(cache, one);
	drop_model(cache, one->model);
	cache->counts.accounts--;
	cache->counts.bytes -= own_bytes(one);
	free(one->account);
	free(one);
}

/* What all share stays, as do those that somebody is busy with. */
static bool
may_drop(const struct model_wish *one)
{
	return one->len > 0 && !one->queued && !one->is_loading &&
	       one->changing == 0 && one->waiting == 0;
}

static void
make_room(struct model_cache *cache)
{
	struct model_wish *one, *newer;

	for (one = cache->oldest;
	     one != NULL && cache->counts.bytes > cache->most_bytes;
	     one = newer) {
		newer = one->newer;
		if (!may_drop(one))
			continue;
		drop(cache, one);
		cache->counts.dropped++;
	}
}

void
model_cache_free(struct model_cache *cache)
{
	if (cache == NULL)
		return;
	while (cache->oldest != NULL)
		drop(cache, cache->oldest);
	pthread_cond_destroy(&cache->changed);
	pthread_cond_destroy(&cache->wished);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

/* --- asking --- */

static bool
is_fresh(const struct model_wish *one)
{
	return one->model != NULL && one->has == one->wants &&
	       one->changing == 0;
}

static void
wish(struct model_cache *cache, struct model_wish *one)
{
	if (one->queued || one->is_loading || one->changing > 0 ||
	    cache->counts.is_away)
		return;
	one->queued = true;
	one->queue_next = NULL;
	*cache->queue_end = one;
	cache->queue_end = &one->queue_next;
	pthread_cond_signal(&cache->wished);
}

/* False when the time is up. */
static bool
wait_until(struct model_cache *cache, struct deadline deadline)
{
	struct timespec at = {
	    .tv_sec = deadline.at_ms / 1000,
	    .tv_nsec = deadline.at_ms % 1000 * 1000000,
	};

	if (deadline_left_ms(deadline, clock_monotonic_ms()) == 0)
		return false;
	pthread_cond_timedwait(&cache->changed, &cache->lock, &at);
	return true;
}

struct model *
model_cache_get(struct model_cache *cache, struct text account,
		struct deadline deadline)
{
	struct model_wish *one;
	struct model *model;

	pthread_mutex_lock(&cache->lock);
	one = find(cache, account);
	if (one == NULL)
		one = add(cache, account);
	unlink_use(cache, one);
	link_use(cache, one);
	if (is_fresh(one))
		cache->counts.hits++;
	one->waiting++;
	while (!is_fresh(one)) {
		wish(cache, one);
		if (cache->counts.is_away || cache->stopping ||
		    !wait_until(cache, deadline))
			break;
	}
	one->waiting--;
	model = one->model;
	if (model != NULL)
		model->refs++;
	else
		cache->counts.vain++;
	make_room(cache);
	pthread_mutex_unlock(&cache->lock);
	return model;
}

void
model_cache_release(struct model_cache *cache, struct model *model)
{
	pthread_mutex_lock(&cache->lock);
	drop_model(cache, model);
	pthread_mutex_unlock(&cache->lock);
}

/* --- changes --- */

void
model_cache_change_begin(struct model_cache *cache, struct text account)
{
	struct model_wish *one;

	pthread_mutex_lock(&cache->lock);
	one = find(cache, account);
	if (one == NULL)
		one = add(cache, account);
	one->changing++;
	pthread_mutex_unlock(&cache->lock);
}

void
model_cache_change_end(struct model_cache *cache, struct text account)
{
	struct model_wish *one;

	pthread_mutex_lock(&cache->lock);
	one = find(cache, account); /* it stays while it changes */
	one->changing--;
	one->wants++;
	if (one->model != NULL || one->waiting > 0)
		wish(cache, one);
	make_room(cache);
	pthread_mutex_unlock(&cache->lock);
}

void
model_cache_outdated(struct model_cache *cache, struct text account)
{
	struct model_wish *one;

	pthread_mutex_lock(&cache->lock);
	one = find(cache, account);
	if (one != NULL) {
		one->wants++;
		wish(cache, one);
	}
	pthread_mutex_unlock(&cache->lock);
}

/* --- loading --- */

struct model_wish *
model_cache_next(struct model_cache *cache, struct arena *arena,
		 struct text *account)
{
	struct model_wish *one = NULL;

	pthread_mutex_lock(&cache->lock);
	while (!cache->stopping && cache->queue == NULL)
		pthread_cond_wait(&cache->wished, &cache->lock);
	if (!cache->stopping) {
		one = cache->queue;
		cache->queue = one->queue_next;
		if (cache->queue == NULL)
			cache->queue_end = &cache->queue;
		one->queued = false;
		one->is_loading = true;
		one->loading = one->wants;
		*account = text_copy(arena, text_of(one->account, one->len));
	}
	pthread_mutex_unlock(&cache->lock);
	return one;
}

void
model_cache_put(struct model_cache *cache, struct model_wish *one,
		struct model *model)
{
	pthread_mutex_lock(&cache->lock);
	model->refs = 1;
	cache->counts.bytes += model->bytes;
	cache->counts.loads++;
	drop_model(cache, one->model);
	one->model = model;
	one->has = one->loading;
	one->is_loading = false;
	if (one->has != one->wants)
		wish(cache, one);
	make_room(cache);
	pthread_cond_broadcast(&cache->changed);
	pthread_mutex_unlock(&cache->lock);
}

void
model_cache_fail(struct model_cache *cache, struct model_wish *one)
{
	struct model_wish *other;

	pthread_mutex_lock(&cache->lock);
	one->is_loading = false;
	cache->counts.is_away = true;
	for (other = cache->queue; other != NULL; other = other->queue_next)
		other->queued = false;
	cache->queue = NULL;
	cache->queue_end = &cache->queue;
	pthread_cond_broadcast(&cache->changed);
	pthread_mutex_unlock(&cache->lock);
}

void
model_cache_is_back(struct model_cache *cache)
{
	pthread_mutex_lock(&cache->lock);
	cache->counts.is_away = false;
	pthread_mutex_unlock(&cache->lock);
}

void
model_cache_stop(struct model_cache *cache)
{
	pthread_mutex_lock(&cache->lock);
	cache->stopping = true;
	pthread_cond_broadcast(&cache->wished);
	pthread_cond_broadcast(&cache->changed);
	pthread_mutex_unlock(&cache->lock);
}

/* --- looking --- */

size_t
model_cache_list(struct model_cache *cache, struct arena *arena,
		 struct model_version **list)
{
	const struct model_wish *one;
	size_t count = 0;

	pthread_mutex_lock(&cache->lock);
	*list = arena_new_array(arena, struct model_version,
				cache->counts.accounts + 1);
	for (one = cache->newest; one != NULL; one = one->older)
		if (one->model != NULL)
			(*list)[count++] = (struct model_version){
			    text_copy(arena, text_of(one->account, one->len)),
			    one->model->version};
	pthread_mutex_unlock(&cache->lock);
	return count;
}

struct model_cache_counts
model_cache_counts(struct model_cache *cache)
{
	struct model_cache_counts counts;

	pthread_mutex_lock(&cache->lock);
	counts = cache->counts;
	pthread_mutex_unlock(&cache->lock);
	return counts;
}
