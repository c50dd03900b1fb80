#include "postfix-policy/worker_pool.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/xalloc.h"

struct queue {
	struct work *first, **last;
};

struct worker_pool {
	struct worker_pool_options options;
	pthread_mutex_t lock;
	pthread_cond_t wanted; /* work has come, or the end */
	pthread_cond_t ended;  /* a thread has */
	struct queue urgent, background;
	unsigned threads, idle, background_busy;
	size_t queued;
	bool closing;
};

static struct timespec
time_in(int64_t wait_ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += (time_t)(wait_ms / 1000);
	at.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_nsec -= 1000000000;
		at.tv_sec++;
	}
	return at;
}

static void
queue_put(struct queue *queue, struct work *work)
{
	work->next = NULL;
	*queue->last = work;
	queue->last = &work->next;
}

static struct work *
queue_take(struct queue *queue)
{
	struct work *work = queue->first;

	if (work == NULL)
		return NULL;
	queue->first = work->next;
	if (queue->first == NULL)
		queue->last = &queue->first;
	return work;
}

/* Takes this work out of the queue; NULL if it is not in it. */
static struct work *
queue_remove(struct queue *queue, const struct work *work)
{
	struct work **at = &queue->first, *found;

	while (*at != NULL && *at != work)
		at = &(*at)->next;
	found = *at;
	if (found == NULL)
		return NULL;
	*at = found->next;
	if (found->next == NULL)
		queue->last = at;
	return found;
}

struct worker_pool *
worker_pool_new(const struct worker_pool_options *options)
{
	struct worker_pool *pool = xcalloc(1, sizeof(*pool));
	pthread_condattr_t clock;

	pool->options = *options;
	pool->urgent.last = &pool->urgent.first;
	pool->background.last = &pool->background.first;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->wanted, &clock);
	pthread_cond_init(&pool->ended, &clock);
	pthread_condattr_destroy(&clock);
	return pool;
}

static bool
may_run_background(const struct worker_pool *pool)
{
	return pool->background_busy < (pool->options.most_threads + 7) / 8;
}

static struct work *
next_work(struct worker_pool *pool)
{
	struct work *work;

	if (pool->closing)
		return NULL;
	work = queue_take(&pool->urgent);
	if (work == NULL && may_run_background(pool))
		work = queue_take(&pool->background);
	if (work != NULL)
		pool->queued--;
	return work;
}

static void
run_one(struct worker_pool *pool, struct work *work)
{
	bool background = work->background; /* run may free the work */

	if (background)
		pool->background_busy++;
	pthread_mutex_unlock(&pool->lock);
	work->run(work);
	pthread_mutex_lock(&pool->lock);
	if (background)
		pool->background_busy--;
}

/* False when there was nothing for as long as a thread stays for that. */
static bool
wait_for_work(struct worker_pool *pool)
{
	struct timespec until = time_in(pool->options.idle_ms);
	int outcome;

	pool->idle++;
	outcome = pthread_cond_timedwait(&pool->wanted, &pool->lock, &until);
	pool->idle--;
	return outcome != ETIMEDOUT;
}

static void *
run_thread(void *argument)
{
	struct worker_pool *pool = argument;
	struct work *work;
	bool is_last;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		work = next_work(pool);
		if (work != NULL)
			run_one(pool, work);
		else if (pool->closing || !wait_for_work(pool))
			break;
	}
	pool->threads--;
	is_last = pool->threads == 0 && !pool->closing;
	pthread_cond_signal(&pool->ended);
	pthread_mutex_unlock(&pool->lock);
	/* what a burst of work took goes back to the system */
	if (is_last)
		malloc_trim(0);
	return NULL;
}

static bool
start_thread(struct worker_pool *pool)
{
	size_t stack = pool->options.stack_bytes;
	pthread_attr_t attributes;
	pthread_t thread;
	bool started;

	if (stack < (size_t)PTHREAD_STACK_MIN)
		stack = (size_t)PTHREAD_STACK_MIN;
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, stack);
	started = pthread_create(&thread, &attributes, run_thread, pool) == 0;
	pthread_attr_destroy(&attributes);
	if (started)
		pool->threads++;
	return started;
}

/* A thread that was woken and has not taken its work yet still counts as
 * idle: there is to be one for each piece of work that waits. */
static bool
has_thread_for(struct worker_pool *pool)
{
	return pool->idle > pool->queued ||
	       pool->threads >= pool->options.most_threads ||
	       start_thread(pool) || pool->threads > 0;
}

bool
worker_pool_add(struct worker_pool *pool, struct work *work)
{
	bool taken;

	pthread_mutex_lock(&pool->lock);
	taken = !pool->closing && pool->queued < pool->options.most_queued &&
		has_thread_for(pool);
	if (taken) {
		queue_put(work->background ? &pool->background : &pool->urgent,
			  work);
		pool->queued++;
		pthread_cond_signal(&pool->wanted);
	}
	pthread_mutex_unlock(&pool->lock);
	return taken;
}

/* It is still counted as background work when it runs: one more of those than
 * there may be does no harm. */
void
worker_pool_hurry(struct worker_pool *pool, const struct work *work)
{
	struct work *found;

	pthread_mutex_lock(&pool->lock);
	found = queue_remove(&pool->background, work);
	if (found != NULL) {
		queue_put(&pool->urgent, found);
		if (pool->idle == 0 &&
		    pool->threads < pool->options.most_threads)
			start_thread(pool);
		pthread_cond_signal(&pool->wanted);
	}
	pthread_mutex_unlock(&pool->lock);
}

static void
drop_all(struct queue *queue, void (*drop)(struct work *work))
{
	struct work *work;

	while ((work = queue_take(queue)) != NULL)
		drop(work);
}

static void
pool_free(struct worker_pool *pool)
{
	pthread_cond_destroy(&pool->wanted);
	pthread_cond_destroy(&pool->ended);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

bool
worker_pool_close(struct worker_pool *pool, int64_t wait_ms,
		  void (*drop)(struct work *work))
{
	struct timespec until = time_in(wait_ms);
	bool all_ended;

	pthread_mutex_lock(&pool->lock);
	pool->closing = true;
	drop_all(&pool->urgent, drop);
	drop_all(&pool->background, drop);
	pool->queued = 0;
	pthread_cond_broadcast(&pool->wanted);
	while (pool->threads > 0 &&
	       pthread_cond_timedwait(&pool->ended, &pool->lock, &until) == 0)
		continue;
	all_ended = pool->threads == 0;
	pthread_mutex_unlock(&pool->lock);
	if (all_ended)
		pool_free(pool);
	return all_ended;
}

struct worker_pool_counts
worker_pool_counts(struct worker_pool *pool)
{
	struct worker_pool_counts counts;

	pthread_mutex_lock(&pool->lock);
	counts.threads = pool->threads;
	counts.busy = pool->threads - pool->idle;
	counts.queued = pool->queued;
	pthread_mutex_unlock(&pool->lock);
	return counts;
}
