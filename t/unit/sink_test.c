#include "unit.h"

#include "base/buf.h"
#include "base/sink.h"
#include "base/why.h"

static void
a_buffer_takes_until_it_is_full(void **state)
{
	struct buf buf;
	struct sink sink = sink_to_buf(&buf);
	struct why why;

	buf_init(&buf, *state, 5);
	assert_true(sink_put(sink, TEXT("abc"), &why));
	assert_false(sink_put(sink, TEXT("def"), &why));
	assert_string_equal(why.text, "more than 5 bytes were written");
}

static void
a_pair_gives_to_both(void **state)
{
	struct buf a, b;
	struct sink_pair pair = {sink_to_buf(&a), sink_to_buf(&b)};

	buf_init(&a, *state, 10);
	buf_init(&b, *state, 3);
	assert_true(sink_put(sink_to_pair(&pair), TEXT("abc"), NULL));
	assert_false(sink_put(sink_to_pair(&pair), TEXT("d"), NULL));
	assert_text(buf_view(&a), "abcd");
	assert_text(buf_view(&b), "abc");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(a_buffer_takes_until_it_is_full),
	    arena_unit_test(a_pair_gives_to_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
