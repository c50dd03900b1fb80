#include "unit.h"

#include "milter/failure_limit.h"

static void
item_40_so_many_of_a_domain(void **state)
{
	struct failure_limit *limit = failure_limit_new();
	uint64_t left_out;
	unsigned taken = 0;

	(void)state;
	for (int i = 0; i < 50; i++)
		taken += failure_limit_take(limit, TEXT("a.example"), 600,
					    &left_out);
	assert_int_equal(taken, FAILURE_LIMIT_DOMAIN);
	assert_true(
	    failure_limit_take(limit, TEXT("b.example"), 600, &left_out));
	assert_int_equal(left_out, 0);
	/* the next minute tells what was not told, once */
	assert_true(
	    failure_limit_take(limit, TEXT("A.example"), 660, &left_out));
	assert_int_equal(left_out, 50 - FAILURE_LIMIT_DOMAIN);
	assert_true(
	    failure_limit_take(limit, TEXT("a.example"), 661, &left_out));
	assert_int_equal(left_out, 0);
	failure_limit_free(limit);
}

static void
item_40_so_many_in_all(void **state)
{
	struct failure_limit *limit = failure_limit_new();
	unsigned taken = 0;
	uint64_t left_out;
	char name[20];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "d%d.example", i);
		taken +=
		    failure_limit_take(limit, text_from(name), 600, &left_out);
	}
	assert_int_equal(taken, FAILURE_LIMIT_ALL);
	failure_limit_free(limit);
	failure_limit_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(item_40_so_many_of_a_domain),
	    cmocka_unit_test(item_40_so_many_in_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
