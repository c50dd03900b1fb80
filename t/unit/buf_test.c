#include "unit.h"

#include "base/buf.h"

static void
grows_and_views(void **state)
{
	struct buf buf;

	buf_init(&buf, *state, 100000);
	for (int i = 0; i < 1000; i++)
		buf_printf(&buf, "%d,", i);
	assert_true(buf_ok(&buf));
	assert_true(text_starts(buf_view(&buf), TEXT("0,1,2,")));
	assert_int_equal(strlen(buf_cstring(&buf)), buf.len);
}

static void
remembers_what_did_not_fit(void **state)
{
	struct buf buf;

	buf_init(&buf, *state, 5);
	buf_string(&buf, "123");
	buf_string(&buf, "456");
	buf_char(&buf, '7');
	assert_false(buf_ok(&buf));
	assert_text(buf_view(&buf), "123");
	assert_string_equal(buf_cstring(&buf), "123");
	assert_false(buf_ok(&buf));
	buf_clear(&buf);
	buf_string(&buf, "12345");
	assert_true(buf_ok(&buf));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(grows_and_views),
	    arena_unit_test(remembers_what_did_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
