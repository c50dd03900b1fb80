#include "unit.h"

#include "base/buf.h"
#include "base/charset.h"

/* In pieces of `step` bytes. */
static struct text
decoded(struct arena *arena, const char *name, struct text bytes, size_t step,
	uint64_t *misfits)
{
	struct charset *charset;
	struct buf *buf = arena_new_value(arena, struct buf);
	size_t at;

	buf_init(buf, arena, 10000);
	charset = charset_new(arena, text_from(name), sink_to_buf(buf));
	assert_non_null(charset);
	for (at = 0; at < bytes.len; at += step)
		assert_true(charset_put(
		    charset, text_first(text_skip(bytes, at), step), NULL));
	assert_true(charset_finish(charset, NULL));
	*misfits = charset_misfits(charset);
	return buf_view(buf);
}

#define assert_decoded(name, bytes, wanted, wrong)                             \
	do {                                                                   \
		uint64_t assert_misfits;                                       \
		size_t assert_step;                                            \
		for (assert_step = 1; assert_step < 8; assert_step++) {        \
			assert_text(decoded(*state, name, TEXT(bytes),         \
					    assert_step, &assert_misfits),     \
				    wanted);                                   \
			assert_int_equal(assert_misfits, wrong);               \
		}                                                              \
	} while (0)

static void
utf8_stays(void **state)
{
	assert_decoded("UTF-8", "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80z",
		       "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80z", 0);
	assert_decoded("us-ascii", "", "", 0);
}

/* U+00FC and U+20AC of windows-1252, an overlong form, an unfinished end */
static void
what_is_no_utf8_is_windows_1252(void **state)
{
	assert_decoded("utf-8", "M\xfcller \x80", "M\xc3\xbcller \xe2\x82\xac",
		       2);
	assert_decoded("utf8", "\xc0\xaf", "\xc3\x80\xc2\xaf", 2);
	assert_decoded("utf8", "x\xe2\x82", "x\xc3\xa2\xe2\x80\x9a", 2);
	assert_decoded("utf8", "\x81", "\xef\xbf\xbd", 1);
}

static void
other_charsets(void **state)
{
	assert_decoded("ISO-8859-1", "M\xfcller", "M\xc3\xbcller", 0);
	assert_decoded("windows-1251", "\xcf\xf0", "\xd0\x9f\xd1\x80", 0);
	assert_decoded("utf-16le", "a\0\xfc\0\x3d\xd8\0\xde",
		       "a\xc3\xbc\xf0\x9f\x98\x80", 0);
	assert_decoded("utf-16be", "\0a\0\xfc", "a\xc3\xbc", 0);
	/* a lone surrogate */
	assert_decoded("utf-16be", "\xdc\0\0a",
		       "\xef\xbf\xbd"
		       "a",
		       1);
	assert_decoded("shift_jis", "\x93\xfa\x96\x7b",
		       "\xe6\x97\xa5\xe6\x9c\xac", 0);
	assert_decoded("gb18030", "\x81\x30\x81\x30", "\xc2\x80", 0);
}

static void
only_names_of_the_list(void **state)
{
	struct buf buf;
	struct sink sink = sink_to_buf(&buf);

	buf_init(&buf, *state, 10);
	assert_null(charset_new(*state, TEXT(""), sink));
	assert_null(charset_new(*state, TEXT("iso-2022-cn-ext"), sink));
	assert_null(charset_new(*state, TEXT("iso-8859-"), sink));
	assert_null(charset_new(*state, TEXT("iso-8859-123"), sink));
	assert_null(charset_new(*state, TEXT("utf-8//translit"), sink));
	assert_non_null(charset_new(*state, TEXT("Windows-1252"), sink));
}

static void
a_full_sink_ends_it(void **state)
{
	struct buf buf;
	struct charset *charset;

	buf_init(&buf, *state, 3);
	charset = charset_new(*state, TEXT("latin1"), sink_to_buf(&buf));
	assert_false(charset_put(charset, TEXT("\xfc\xfc"), NULL));
	buf_init(&buf, *state, 3);
	charset = charset_new(*state, TEXT("utf-8"), sink_to_buf(&buf));
	assert_false(charset_put(charset, TEXT("\xfc\xfc "), NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(utf8_stays),
	    arena_unit_test(what_is_no_utf8_is_windows_1252),
	    arena_unit_test(other_charsets),
	    arena_unit_test(only_names_of_the_list),
	    arena_unit_test(a_full_sink_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
