#include "unit.h"

#include "base/base64.h"

static void
vectors_of_rfc_4648(void **state)
{
	static const char *const pairs[][2] = {{"", ""},
					       {"f", "Zg=="},
					       {"fo", "Zm8="},
					       {"foo", "Zm9v"},
					       {"foob", "Zm9vYg=="},
					       {"fooba", "Zm9vYmE="},
					       {"foobar", "Zm9vYmFy"},
					       {"\xff\xfe\xfb", "//77"}};
	struct text bytes;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		assert_text(base64_encode(*state, text_from(pairs[i][0])),
			    pairs[i][1]);
		assert_true(
		    base64_decode(*state, text_from(pairs[i][1]), &bytes));
		assert_text(bytes, pairs[i][0]);
	}
}

static void
folding_is_skipped(void **state)
{
	struct text bytes;

	assert_true(
	    base64_decode(*state, TEXT(" Zm\r\n\t9 v Y g = \r\n = "), &bytes));
	assert_text(bytes, "foob");
}

static void
what_is_not_base64(void **state)
{
	const char *bad[] = {"Z",	    "Zg",   "Zg=",  "Zg===",
			     "Zm9v=",	    "=",    "Zm9",  "Zm9vYg",
			     "Zg==Zg==",    "Zm-v", "Zm_v", "Zm9v.",
			     "Zm9v\xc3\xbc"};
	struct text bytes;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (base64_decode(*state, text_from(bad[i]), &bytes))
			fail_msg("\"%s\" was taken", bad[i]);
	assert_false(base64_decode(*state, text_of("Zm9v\0", 5), &bytes));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(vectors_of_rfc_4648),
	    arena_unit_test(folding_is_skipped),
	    arena_unit_test(what_is_not_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
