/* worker_pool.h - threads for work that waits
 *
 * A thread is started when there is work and none is free, and ends when it
 * had none for a while; beyond `most_threads` work waits in a queue.  Work
 * that nobody waits for may use an eighth of the threads and comes after the
 * other.
 */
#ifndef POLICY_WORKER_POOL_H
#define POLICY_WORKER_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker_pool;

/* Embedded in what the work is about. */
struct work {
	struct work *next;
	void (*run)(struct work *work); /* in a thread of the pool; may free
					   it */
	bool background;
};

struct worker_pool_options {
	unsigned most_threads;
	size_t most_queued; /* work that waits for a thread */
	size_t stack_bytes;
	int64_t idle_ms;
};

struct worker_pool *worker_pool_new(const struct worker_pool_options *options);

/* False when the queue is full, or no thread at all can be had: then the work
 * has not been taken. */
bool worker_pool_add(struct worker_pool *pool, struct work *work);

/* Somebody waits for it now: if it has not begun, it comes as if it were no
 * background work. */
void worker_pool_hurry(struct worker_pool *pool, const struct work *work);

/* Nothing more is begun: what waits in the queue is given to `drop`.  Waits
 * at most `wait_ms` for what runs.  True if all threads have ended; then the
 * pool is gone, else it stays and its threads keep what they use. */
bool worker_pool_close(struct worker_pool *pool, int64_t wait_ms,
		       void (*drop)(struct work *work));

struct worker_pool_counts {
	unsigned threads, busy;
	size_t queued;
};

struct worker_pool_counts worker_pool_counts(struct worker_pool *pool);

#endif
