#include "unit.h"

#include <pthread.h>

#include "postfix-policy/worker_pool.h"

/* Work that waits until it is let go. */
struct gate {
	struct work work;
	struct counts *counts;
};

struct counts {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned begun, done, dropped;
	bool open;
};

static struct counts *current; /* for `drop` */

static void
counts_init(struct counts *counts)
{
	memset(counts, 0, sizeof(*counts));
	pthread_mutex_init(&counts->lock, NULL);
	pthread_cond_init(&counts->changed, NULL);
	current = counts;
}

static void
run(struct work *work)
{
	struct counts *counts = ((struct gate *)work)->counts;

	pthread_mutex_lock(&counts->lock);
	counts->begun++;
	pthread_cond_broadcast(&counts->changed);
	while (!counts->open)
		pthread_cond_wait(&counts->changed, &counts->lock);
	counts->done++;
	pthread_cond_broadcast(&counts->changed);
	pthread_mutex_unlock(&counts->lock);
}

static void
drop(struct work *work)
{
	(void)work;
	current->dropped++;
}

static void
wait_until(struct counts *counts, const unsigned *value, unsigned is)
{
	pthread_mutex_lock(&counts->lock);
	while (*value < is)
		pthread_cond_wait(&counts->changed, &counts->lock);
	pthread_mutex_unlock(&counts->lock);
}

static void
let_go(struct counts *counts)
{
	pthread_mutex_lock(&counts->lock);
	counts->open = true;
	pthread_cond_broadcast(&counts->changed);
	pthread_mutex_unlock(&counts->lock);
}

static struct worker_pool *
make_pool(unsigned threads, size_t queued, int64_t idle_ms)
{
	struct worker_pool_options options = {
	    .most_threads = threads,
	    .most_queued = queued,
	    .stack_bytes = 1u << 20,
	    .idle_ms = idle_ms,
	};

	return worker_pool_new(&options);
}

static void
test_queue_beyond_the_threads(void **state)
{
	struct worker_pool *pool = make_pool(2, 3, 60000);
	struct gate gates[6];
	struct counts counts;
	size_t i;

	(void)state;
	counts_init(&counts);
	for (i = 0; i < 6; i++)
		gates[i] = (struct gate){{.run = run}, &counts};
	assert_true(worker_pool_add(pool, &gates[0].work));
	assert_true(worker_pool_add(pool, &gates[1].work));
	wait_until(&counts, &counts.begun, 2);
	for (i = 2; i < 5; i++)
		assert_true(worker_pool_add(pool, &gates[i].work));
	assert_false(worker_pool_add(pool, &gates[5].work));
	assert_int_equal(worker_pool_counts(pool).threads, 2);
	assert_int_equal(worker_pool_counts(pool).queued, 3);
	let_go(&counts);
	wait_until(&counts, &counts.done, 5);
	assert_true(worker_pool_close(pool, 60000, drop));
	assert_int_equal(counts.dropped, 0);
}

static void
test_threads_end_when_idle(void **state)
{
	struct worker_pool *pool = make_pool(8, 10, 1);
	struct gate gates[8];
	struct counts counts;
	size_t i;

	(void)state;
	counts_init(&counts);
	for (i = 0; i < 8; i++) {
		gates[i] = (struct gate){{.run = run}, &counts};
		assert_true(worker_pool_add(pool, &gates[i].work));
	}
	wait_until(&counts, &counts.begun, 8);
	assert_int_equal(worker_pool_counts(pool).busy, 8);
	let_go(&counts);
	while (worker_pool_counts(pool).threads > 0)
		unit_look_again();
	assert_int_equal(counts.done, 8);
	assert_true(worker_pool_add(pool, &gates[0].work));
	wait_until(&counts, &counts.done, 9);
	assert_true(worker_pool_close(pool, 60000, drop));
}

static void
test_background_comes_second(void **state)
{
	struct worker_pool *pool = make_pool(8, 20, 60000);
	struct gate gates[10];
	struct counts counts;
	size_t i;

	(void)state;
	counts_init(&counts);
	for (i = 0; i < 10; i++) {
		gates[i] = (struct gate){{.run = run}, &counts};
		gates[i].work.background = i < 5;
		assert_true(worker_pool_add(pool, &gates[i].work));
	}
	/* one of the five in the background, all of the others */
	wait_until(&counts, &counts.begun, 6);
	assert_int_equal(worker_pool_counts(pool).queued, 4);
	/* until somebody waits for it; what runs cannot be hurried */
	worker_pool_hurry(pool, &gates[4].work);
	worker_pool_hurry(pool, &gates[3].work);
	worker_pool_hurry(pool, &gates[9].work);
	wait_until(&counts, &counts.begun, 8);
	assert_int_equal(worker_pool_counts(pool).queued, 2);
	let_go(&counts);
	wait_until(&counts, &counts.done, 10);
	assert_true(worker_pool_close(pool, 60000, drop));
}

static void
test_close_with_work(void **state)
{
	struct worker_pool *pool = make_pool(1, 10, 60000);
	struct gate gates[3];
	struct counts counts;
	size_t i;

	(void)state;
	counts_init(&counts);
	for (i = 0; i < 3; i++) {
		gates[i] = (struct gate){{.run = run}, &counts};
		assert_true(worker_pool_add(pool, &gates[i].work));
	}
	wait_until(&counts, &counts.begun, 1);
	assert_false(worker_pool_close(pool, 1, drop));
	assert_int_equal(counts.dropped, 2);
	let_go(&counts);
	assert_true(worker_pool_close(pool, 60000, drop));
	assert_int_equal(counts.done, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_queue_beyond_the_threads),
	    cmocka_unit_test(test_threads_end_when_idle),
	    cmocka_unit_test(test_background_comes_second),
	    cmocka_unit_test(test_close_with_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
