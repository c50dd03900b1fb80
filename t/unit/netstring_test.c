#include "unit.h"

#include "base/netstring.h"

static enum netstring_step
parse(const char *input, size_t most, struct text *payload, size_t *used)
{
	return netstring_parse(text_from(input), most, payload, used);
}

static void
test_whole(void **state)
{
	struct text payload;
	size_t used;

	(void)state;
	assert_int_equal(parse("5:hello,rest", 10, &payload, &used),
			 NETSTRING_WHOLE);
	assert_text(payload, "hello");
	assert_int_equal(used, 8);
	assert_int_equal(parse("0:,", 0, &payload, &used), NETSTRING_WHOLE);
	assert_int_equal(payload.len, 0);
	assert_int_equal(used, 3);
	assert_int_equal(parse("12:a,b:c, d e f,", 12, &payload, &used),
			 NETSTRING_WHOLE);
	assert_text(payload, "a,b:c, d e f");
}

static void
test_every_beginning_wants_more(void **state)
{
	const char *whole = "11:policy a.bc,";
	struct text payload;
	size_t used, i;

	(void)state;
	for (i = 0; i < strlen(whole); i++)
		assert_int_equal(
		    netstring_parse(text_of(whole, i), 100, &payload, &used),
		    NETSTRING_MORE);
	assert_int_equal(parse(whole, 100, &payload, &used), NETSTRING_WHOLE);
}

static void
test_refused(void **state)
{
	static const char *const broken[] = {":,",  "x",   " 1:a,", "01:a,",
					     "00:", "1;a", "1:ab",  "1 :a,",
					     ",",   "-1:", "2:abc,"};
	struct text payload;
	size_t used, i;

	(void)state;
	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_int_equal(parse(broken[i], 100, &payload, &used),
				 NETSTRING_BROKEN);
	assert_int_equal(parse("11:", 10, &payload, &used), NETSTRING_TOO_LONG);
	/* told before the last digit is there, and no number overflows */
	assert_int_equal(
	    parse("99999999999999999999999999999", 100000, &payload, &used),
	    NETSTRING_TOO_LONG);
}

static void
test_head(void **state)
{
	char head[NETSTRING_FRAME_BYTES];

	(void)state;
	assert_text(text_of(head, netstring_head(head, 0)), "0:");
	assert_text(text_of(head, netstring_head(head, 9)), "9:");
	assert_text(text_of(head, netstring_head(head, 1234567890)),
		    "1234567890:");
	assert_text(text_of(head, netstring_head(head, SIZE_MAX)),
		    SIZE_MAX == UINT64_MAX ? "18446744073709551615:"
					   : "4294967295:");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whole),
	    cmocka_unit_test(test_every_beginning_wants_more),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
