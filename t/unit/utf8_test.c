#include "unit.h"

#include "base/utf8.h"

static void
well_formed(void **state)
{
	assert_true(utf8_is_valid(TEXT("")));
	assert_true(
	    utf8_is_valid(TEXT("a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80")));
	assert_false(utf8_is_valid(TEXT("\xc0\x80")));
	assert_false(utf8_is_valid(TEXT("\xe0\x80\x80")));
	assert_false(utf8_is_valid(TEXT("\xed\xa0\x80")));
	assert_false(utf8_is_valid(TEXT("\xf4\x90\x80\x80")));
	assert_false(utf8_is_valid(TEXT("abcdefghijk\xc3")));
	assert_false(utf8_is_valid(TEXT("\x80")));
	assert_true(text_is_ascii(text_of("\0abcdefgh\x7f", 10)));
	assert_false(text_is_ascii(TEXT("abcdefgh\x80")));
	assert_false(text_is_ascii(TEXT("abc\x80"
					"efghi")));
}

static void
good_text_is_borrowed(void **state)
{
	struct text in = TEXT("plain ~ text \xc3\xbc and more");
	struct text out = utf8_for_log(*state, in, 100);

	assert_ptr_equal(out.at, in.at);
	assert_int_equal(out.len, in.len);
	assert_int_equal(utf8_for_log(*state, text_of(NULL, 0), 9).len, 0);
}

static void
unfit_becomes_question_marks(void **state)
{
	assert_text(utf8_for_log(*state, TEXT("a\r\nb\tc\x7f\x1b[0m"), 100),
		    "a??b?c??[0m");
	assert_text(utf8_for_log(*state, text_of("a\0b", 3), 100), "a?b");
	assert_text(utf8_for_log(*state, TEXT("12345678\xffxy\xe2\x82"), 100),
		    "12345678?xy??");
	/* C1 control, RIGHT-TO-LEFT OVERRIDE, isolate, LINE SEPARATOR */
	assert_text(utf8_for_log(*state,
				 TEXT("\xc2\x85.\xe2\x80\xae.\xe2\x81\xa6."
				      "\xe2\x80\xa8"),
				 100),
		    "?.?.?.?");
	for (int c = 0; c < 256; c++) {
		char all[11] = "aaaaaaaa..";

		for (size_t at = 0; at < 10; at++) {
			memcpy(all, "aaaaaaaa..", 11);
			all[at] = (char)c;
			struct text out =
			    utf8_for_log(*state, text_of(all, 10), 100);
			assert_int_equal(out.at[at],
					 c >= ' ' && c < 0x7f ? c : '?');
		}
	}
}

static void
long_text_is_cut_on_a_character(void **state)
{
	assert_text(utf8_for_log(*state, TEXT("1234567890"), 10), "1234567890");
	assert_text(utf8_for_log(*state, TEXT("12345678901"), 10),
		    "1234567890...");
	assert_text(utf8_for_log(*state, TEXT("123456789\xc3\xbc"), 10),
		    "123456789...");
	assert_text(utf8_for_log(*state, TEXT("\n23456789\xc3\xbc"), 10),
		    "?23456789...");
	assert_text(utf8_for_log(*state, TEXT("\xff"), 0), "...");
	assert_text(utf8_for_log(*state, TEXT("ab\xc3\xbc"), 2), "ab...");
}

static void
labels_people_can_trust(void **state)
{
	assert_true(utf8_is_plain_label(TEXT("example")));
	assert_true(utf8_is_plain_label(TEXT("b\xc3\xbc"
					     "cher")));
	/* Japanese, with Latin */
	assert_true(utf8_is_plain_label(TEXT("\xe6\x97\xa5\xe3\x81\xae"
					     "web")));
	/* Russian for "mail" has letters that look like no Latin one */
	assert_true(utf8_is_plain_label(
	    TEXT("\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0")));
	/* Cyrillic a and o alone; Cyrillic with Latin; Greek with Cyrillic */
	assert_false(utf8_is_plain_label(TEXT("\xd0\xb0\xd0\xbe")));
	assert_false(utf8_is_plain_label(TEXT("p\xd0\xb0y")));
	assert_false(utf8_is_plain_label(TEXT("\xce\xb4\xd0\xb6")));
	/* zero width joiner, bad UTF-8 */
	assert_false(utf8_is_plain_label(TEXT("a\xe2\x80\x8d")));
	assert_false(utf8_is_plain_label(TEXT("a\xff")));
}

static void
two_directions(void **state)
{
	assert_true(utf8_mixes_directions(TEXT("a.\xd7\x90")));
	assert_true(utf8_mixes_directions(TEXT("\xff")));
	assert_false(utf8_mixes_directions(TEXT("\xd7\x90.\xd7\x91"
						"1")));
	assert_false(utf8_mixes_directions(TEXT("a.b1")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(well_formed),
	    arena_unit_test(good_text_is_borrowed),
	    arena_unit_test(unfit_becomes_question_marks),
	    arena_unit_test(long_text_is_cut_on_a_character),
	    arena_unit_test(labels_people_can_trust),
	    cmocka_unit_test(two_directions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
