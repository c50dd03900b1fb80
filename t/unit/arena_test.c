#include "unit.h"

static void
count_up(void *handle)
{
	(*(int *)handle)++;
}

static void
memory_is_cleared_after_reset(void **state)
{
	unsigned char *p = arena_alloc(*state, 100);

	memset(p, 0xff, 100);
	arena_reset(*state);
	p = arena_alloc(*state, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
}

static void
large_and_small_side_by_side(void **state)
{
	char *small = text_string(*state, TEXT("small"));
	char *large = arena_alloc(*state, 300000);

	large[299999] = 'x';
	assert_string_equal(small, "small");
	assert_true(arena_held(*state) >= 300000);
	arena_reset(*state);
	assert_true(arena_held(*state) < 300000);
}

static void
deferred_run_once_at_reset(void **state)
{
	int ended = 0;

	arena_defer(*state, count_up, &ended);
	arena_defer(*state, count_up, &ended);
	assert_int_equal(ended, 0);
	arena_reset(*state);
	assert_int_equal(ended, 2);
	arena_reset(*state);
	assert_int_equal(ended, 2);
}

static void
bytes_grow_in_place_when_newest(void **state)
{
	char *a = arena_bytes(*state, 10), *b;

	assert_ptr_equal(arena_grow_bytes(*state, a, 10, 20), a);
	b = arena_bytes(*state, 1);
	(void)b;
	assert_ptr_not_equal(arena_grow_bytes(*state, a, 20, 30), a);
}

/* Many arenas are open at once, one for each message on its way. */
static void
little_lies_idle(void **state)
{
	size_t used = 0;

	while (used < 100000) {
		arena_alloc(*state, 48);
		used += 48;
		assert_true(arena_held(*state) <= used + used / 2 + 256);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(little_lies_idle),
	    arena_unit_test(memory_is_cleared_after_reset),
	    arena_unit_test(large_and_small_side_by_side),
	    arena_unit_test(deferred_run_once_at_reset),
	    arena_unit_test(bytes_grow_in_place_when_newest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
