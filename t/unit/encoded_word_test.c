#include "unit.h"

#include "mailauth/encoded_word.h"

struct word_case {
	const char *text, *want;
	bool found, control, opaque;
};

static void
decodes_as_careless_readers_do(void **state)
{
	static const struct word_case cases[] = {
	    {"plain", "plain", false, false, false},
	    {"=?utf-8?q?a=40b?=", "a@b", true, false, false},
	    {"=?utf-8?Q?a_b?= c", "a b c", true, false, false},
	    {"=?utf-8?b?YUBi?=", "a@b", true, false, false},
	    {"=?utf-8?B?YU*Bi?=", "a@b", true, false, false},
	    {"=?utf-8?B?YUBi", "=?utf-8?B?YUBi", false, false, false},
	    {"x=?a?q?1?==?a?q?2?=y", "x12y", true, false, false},
	    {"=?a?q?1?= \r\n =?a?q?2?= 3", "12 3", true, false, false},
	    {"\"=?a?q?1 2?=\"", "\"1 2\"", true, false, false},
	    {"=?us-ascii*en?q?1?=", "1", true, false, false},
	    {"=?a?x?1?=", "=?a?x?1?=", false, false, false},
	    {"=?a?q?=4?=", "=4", true, false, false},
	    {"=?a?q?=0A?=", "\n", true, true, false},
	    {"=?a?q?=7f?=", "\x7f", true, true, false},
	    {"=?UTF-7?q?+AEA-?=", "+AEA-", true, false, true},
	    {"=?utf-16?q?a@?=?", "a@?", true, false, true},
	    {"=?iso-2022-jp?q?a=1B$B@>=1B(Bb@?=", "ab@", true, false, false},
	    {"=?iso-2022-kr?q?=1B$)Ca=0E@<=0Fb?=", "ab", true, false, false},
	    {"=?hz-gb-2312?q?a~{<@~}b?=", "ab", true, false, false},
	};
	struct encoded_words words;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		encoded_words_decode(*state, text_from(cases[i].text), &words);
		assert_text(words.text, cases[i].want);
		assert_int_equal(words.found, cases[i].found);
		assert_int_equal(words.control, cases[i].control);
		assert_int_equal(words.opaque, cases[i].opaque);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(decodes_as_careless_readers_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
