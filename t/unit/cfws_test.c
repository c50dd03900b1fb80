#include "unit.h"

#include "base/buf.h"
#include "base/why.h"
#include "mailauth/cfws.h"

static void
clean_text(void **state)
{
	assert_true(cfws_is_clean(TEXT(""), NULL));
	assert_true(cfws_is_clean(TEXT("a\tb\r\n c\r\n\t\r\n d\xff"), NULL));
	assert_false(cfws_is_clean(TEXT("a\0b"), NULL));
	assert_false(cfws_is_clean(TEXT("a\r"), NULL));
	assert_false(cfws_is_clean(TEXT("a\n b"), NULL));
	assert_false(cfws_is_clean(TEXT("a\r\n"), NULL));
	assert_false(cfws_is_clean(TEXT("a\r\nb"), NULL));
	assert_false(cfws_is_clean(TEXT("a\r\r\n b"), NULL));
	assert_false(cfws_is_clean(TEXT("a\x1b"), NULL));
	assert_false(cfws_is_clean(TEXT("a\x7f"), NULL));
}

static void
comments_and_folding(void **state)
{
	struct scan in;

	scan_init(&in, TEXT(" (a(b)\\)\"c) \r\n\t(d) x(e"));
	assert_true(cfws_skip(&in));
	assert_true(scan_char(&in, 'x'));
	assert_false(cfws_skip(&in));
	scan_init(&in, TEXT("x"));
	assert_true(cfws_skip(&in));
	assert_text(scan_rest(&in), "x");
	scan_init(&in, TEXT("(\\"));
	assert_false(cfws_skip_comment(&in));
}

static void
quoted_strings(void **state)
{
	bool escaped = false;
	struct scan in;
	struct buf to;

	buf_init(&to, *state, 100);
	scan_init(&in, TEXT("\"a (b\r\n c\"d"));
	assert_true(cfws_take_quoted(&in, &to, &escaped));
	assert_text(buf_view(&to), "a (b c");
	assert_text(scan_rest(&in), "d");
	assert_false(escaped);
	scan_init(&in, TEXT("\"\\\"\\e\""));
	buf_clear(&to);
	assert_true(cfws_take_quoted(&in, &to, &escaped));
	assert_text(buf_view(&to), "\"e");
	assert_true(escaped);
	scan_init(&in, TEXT("\"a\\\""));
	assert_false(cfws_take_quoted(&in, NULL, &escaped));
	scan_init(&in, TEXT("\"a\\"));
	assert_false(cfws_take_quoted(&in, NULL, &escaped));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(clean_text),
	    arena_unit_test(comments_and_folding),
	    arena_unit_test(quoted_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
