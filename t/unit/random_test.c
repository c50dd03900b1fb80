#include "unit.h"

#include "io/random.h"

static void
fills_all_of_it(void **state)
{
	unsigned char bytes[600] = {0}, other[600];
	unsigned seen = 0, i;

	assert_true(random_fill(bytes, sizeof(bytes)));
	assert_true(random_fill(other, sizeof(other)));
	assert_true(memcmp(bytes, other, sizeof(bytes)) != 0);
	for (i = sizeof(bytes) - 100; i < sizeof(bytes); i++)
		seen |= bytes[i];
	assert_int_equal(seen, 255);
	assert_true(random_fill(bytes, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fills_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
