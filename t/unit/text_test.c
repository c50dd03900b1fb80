#include "unit.h"

static void
compares_without_case_in_ascii_only(void **state)
{
	assert_true(text_equal_nocase(TEXT("ExAmPle"), TEXT("eXaMPLE")));
	assert_false(text_equal_nocase(TEXT("\xc4"), TEXT("\xe4")));
	assert_false(text_equal(TEXT("a"), TEXT("ab")));
	assert_true(text_equal(TEXT(""), text_of(NULL, 0)));
}

static void
trims_folding_white_space(void **state)
{
	assert_text(text_trim(TEXT(" \t\r\n a b \r\n")), "a b");
	assert_text(text_trim(TEXT(" \r\n\t")), "");
}

static void
finds_from_both_ends(void **state)
{
	assert_int_equal(text_find(TEXT("a@b@c"), '@'), 1);
	assert_int_equal(text_find_last(TEXT("a@b@c"), '@'), 3);
	assert_int_equal(text_find(TEXT("abc"), '@'), 3);
	assert_false(text_has(text_of(NULL, 0), '@'));
}

static void
reads_numbers_within_bounds(void **state)
{
	uint64_t value;

	assert_true(text_to_u64(TEXT("18446744073709551615"), UINT64_MAX,
				&value));
	assert_true(value == UINT64_MAX);
	assert_false(text_to_u64(TEXT("18446744073709551616"), UINT64_MAX,
				 &value));
	assert_false(text_to_u64(TEXT(""), 10, &value));
	assert_false(text_to_u64(TEXT("11"), 10, &value));
	assert_false(text_to_u64(TEXT("-1"), 10, &value));
}

static void
copies_lower_and_bare(void **state)
{
	assert_text(text_lower(*state, TEXT("A\xc4Z")), "a\xc4z");
	assert_text(text_without_fws(*state, TEXT(" a\r\n\tb ")), "ab");
	assert_string_equal(text_string(*state, TEXT("abc")), "abc");
}

static void
affixes(void **state)
{
	assert_true(text_starts_nocase(TEXT("V=Spf1 -all"), TEXT("v=spf1")));
	assert_false(text_starts(TEXT("v"), TEXT("v=spf1")));
	assert_true(text_ends_nocase(TEXT("a.EXAMPLE"), TEXT(".example")));
	assert_false(text_ends_nocase(TEXT("le"), TEXT("example")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(compares_without_case_in_ascii_only),
	    arena_unit_test(trims_folding_white_space),
	    arena_unit_test(finds_from_both_ends),
	    arena_unit_test(reads_numbers_within_bounds),
	    arena_unit_test(copies_lower_and_bare),
	    arena_unit_test(affixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
