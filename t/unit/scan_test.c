#include "unit.h"

#include "base/ascii.h"
#include "base/scan.h"

static void
matches_or_stays(void **state)
{
	struct scan in;

	scan_init(&in, TEXT("v=Spf1 rest"));
	assert_false(scan_string(&in, "v=spf1"));
	assert_true(scan_string_nocase(&in, "v=spf1"));
	assert_false(scan_char(&in, 'x'));
	assert_true(scan_char(&in, ' '));
	assert_text(scan_rest(&in), "rest");
}

static void
until_skips_the_stop(void **state)
{
	struct scan in;

	scan_init(&in, TEXT("a;b"));
	assert_text(scan_until(&in, ';'), "a");
	assert_text(scan_until(&in, ';'), "b");
	assert_true(scan_at_end(&in));
	assert_text(scan_until(&in, ';'), "");
	assert_int_equal(scan_peek(&in), '\0');
}

static void
numbers_stay_when_too_large(void **state)
{
	struct scan in;
	uint64_t value;

	scan_init(&in, TEXT("33/x"));
	assert_false(scan_u64(&in, 32, &value));
	assert_text(scan_rest(&in), "33/x");
	assert_true(scan_u64(&in, 128, &value));
	assert_int_equal(value, 33);
	assert_text(scan_while(&in, ascii_is_alpha), "");
}

static void
empty_input(void **state)
{
	struct scan in;

	scan_init(&in, text_of(NULL, 0));
	assert_true(scan_at_end(&in));
	scan_fws(&in);
	scan_blank(&in);
	assert_false(scan_char(&in, '\0'));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(matches_or_stays),
	    arena_unit_test(until_skips_the_stop),
	    arena_unit_test(numbers_stay_when_too_large),
	    arena_unit_test(empty_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
