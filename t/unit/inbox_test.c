#include "unit.h"

#include <pthread.h>
#include <stdlib.h>

#include "tlsrpt-collector/inbox.h"

#define MANY 20000

static void
first_in_first_out(void **state)
{
	struct inbox *inbox = inbox_new(1000);
	struct inbox_item *all, *next;

	(void)state;
	assert_true(inbox_put(inbox, 3, TEXT("one"), 7));
	assert_true(inbox_put(inbox, 4, TEXT(""), 8));
	all = inbox_take(inbox);
	assert_int_equal(all->place, 3);
	assert_int_equal(all->at_ms, 7);
	assert_int_equal(all->len, 3);
	assert_memory_equal(all->bytes, "one", 3);
	next = all->next;
	assert_int_equal(next->place, 4);
	assert_int_equal(next->len, 0);
	assert_null(next->next);
	inbox_done(inbox, all);
	inbox_done(inbox, next);
	assert_int_equal(inbox_counts(inbox).bytes, 0);
	assert_int_equal(inbox_counts(inbox).put, 2);
	inbox_free(inbox);
}

static void
what_does_not_fit(void **state)
{
	struct inbox *inbox = inbox_new(300);
	char bytes[200] = {0};
	struct inbox_item *all;

	(void)state;
	assert_true(inbox_put(inbox, 0, text_of(bytes, 200), 0));
	assert_false(inbox_put(inbox, 0, text_of(bytes, 200), 0));
	/* what is being kept still takes room */
	all = inbox_take(inbox);
	assert_false(inbox_put(inbox, 0, text_of(bytes, 200), 0));
	assert_int_equal(inbox_counts(inbox).dropped, 2);
	inbox_done(inbox, all);
	assert_true(inbox_put(inbox, 0, text_of(bytes, 200), 0));
	assert_true(inbox_counts(inbox).bytes >= 200);
	/* freed with what it holds */
	inbox_free(inbox);
}

static void
closed_and_empty(void **state)
{
	struct inbox *inbox = inbox_new(1000);
	struct inbox_item *all;

	(void)state;
	assert_true(inbox_put(inbox, 0, TEXT("last"), 0));
	inbox_close(inbox);
	all = inbox_take(inbox);
	assert_non_null(all);
	inbox_done(inbox, all);
	assert_null(inbox_take(inbox));
	inbox_free(inbox);
}

static void *
put_many(void *data)
{
	struct inbox *inbox = data;
	uint32_t i;

	for (i = 0; i < MANY; i++)
		inbox_put(inbox, 0, text_of((const char *)&i, sizeof(i)), i);
	inbox_close(inbox);
	return NULL;
}

static void
from_another_thread(void **state)
{
	struct inbox *inbox = inbox_new(1u << 20);
	struct inbox_item *items, *item;
	struct inbox_counts counts;
	uint64_t taken = 0;
	int64_t last = -1;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, put_many, inbox), 0);
	while ((items = inbox_take(inbox)) != NULL)
		while ((item = items) != NULL) {
			items = item->next;
			assert_true(item->at_ms > last);
			last = item->at_ms;
			taken++;
			inbox_done(inbox, item);
		}
	pthread_join(thread, NULL);
	counts = inbox_counts(inbox);
	assert_int_equal(taken, counts.put);
	assert_int_equal(counts.put + counts.dropped, MANY);
	assert_int_equal(counts.bytes, 0);
	inbox_free(inbox);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(first_in_first_out),
	    cmocka_unit_test(what_does_not_fit),
	    cmocka_unit_test(closed_and_empty),
	    cmocka_unit_test(from_another_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
