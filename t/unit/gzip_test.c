#include "unit.h"

#include "base/buf.h"
#include "base/gzip.h"
#include "base/why.h"

/* "abc" as a stored block would be longer; the header is what matters: no
 * name, no time, operating system 255. */
static void
the_header_says_nothing(void **state)
{
	struct buf buf;
	struct text got;

	buf_init(&buf, *state, 1000);
	assert_true(gzip_write(*state, TEXT("abc"), sink_to_buf(&buf), NULL));
	got = buf_view(&buf);
	assert_true(got.len > 18);
	assert_memory_equal(got.at, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
	/* length, little-endian */
	assert_memory_equal(got.at + got.len - 4, "\3\0\0\0", 4);
	/* CRC-32 of "abc" */
	assert_memory_equal(got.at + got.len - 8, "\xc2\x41\x24\x35", 4);
}

static void
pieces_make_no_difference(void **state)
{
	struct buf whole, pieces;
	struct gzip *gzip;
	char *bytes = arena_bytes(*state, 100000);
	size_t i;

	for (i = 0; i < 100000; i++)
		bytes[i] = (char)(i * i % 251 + i / 1000);
	buf_init(&whole, *state, 200000);
	buf_init(&pieces, *state, 200000);
	assert_true(gzip_write(*state, text_of(bytes, 100000),
			       sink_to_buf(&whole), NULL));
	gzip = gzip_new(*state, sink_to_buf(&pieces));
	for (i = 0; i < 100000; i += 100)
		assert_true(
		    sink_put(gzip_sink(gzip), text_of(bytes + i, 100), NULL));
	assert_true(gzip_finish(gzip, NULL));
	assert_true(whole.len > 1000);
	assert_true(text_equal(buf_view(&whole), buf_view(&pieces)));
}

static void
a_full_sink_is_told(void **state)
{
	struct buf buf;
	struct why why;

	buf_init(&buf, *state, 10);
	assert_false(gzip_write(*state, TEXT("abc"), sink_to_buf(&buf), &why));
	assert_string_equal(why.text, "more than 10 bytes were written");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(the_header_says_nothing),
	    arena_unit_test(pieces_make_no_difference),
	    arena_unit_test(a_full_sink_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
