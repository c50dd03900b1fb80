#include "unit.h"

#include "reporter/pace.h"

static void
spread_over_the_time(void **state)
{
	struct pace pace = pace_of(2700, 100, 10);
	int64_t least = INT64_MAX, most = 0, pause;
	uint32_t random;

	assert_int_equal(pace.mean_ms, 27000);
	for (random = 0; random < 5000; random += 7) {
		pause = pace_next_ms(&pace, random);
		least = pause < least ? pause : least;
		most = pause > most ? pause : most;
	}
	assert_int_equal(least, 13500);
	assert_in_range(most, 40000, 40500);
	assert_int_equal(pace_of(2700, 2, 10).mean_ms, PACE_MOST_MS);
	assert_int_equal(pace_of(2700, 1, 10).mean_ms, 0);
	assert_int_equal(pace_of(0, 1000, 10).mean_ms, 0);
}

static void
failures_in_a_row(void **state)
{
	struct pace pace = pace_of(0, 10, 3);

	assert_true(pace_note(&pace, false));
	assert_true(pace_note(&pace, false));
	assert_true(pace_note(&pace, true));
	assert_true(pace_note(&pace, false));
	assert_true(pace_note(&pace, false));
	assert_false(pace_note(&pace, false));
}

static bool
at_once(void)
{
	return true;
}

static void
a_stop_ends_the_wait(void **state)
{
	pace_wait(3600 * 1000, at_once);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(spread_over_the_time),
	    cmocka_unit_test(failures_in_a_row),
	    cmocka_unit_test(a_stop_ends_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
