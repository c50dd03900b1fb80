#include "unit.h"

#include "base/why.h"
#include "base/zone_text.h"

static struct text
written(struct arena *arena, struct text text)
{
	struct buf buf;

	buf_init(&buf, arena, 1 << 20);
	zone_text_write(&buf, text);
	assert_true(buf_ok(&buf));
	return buf_view(&buf);
}

static struct text
repeated(struct arena *arena, char c, size_t count)
{
	char *bytes = arena_bytes(arena, count + 1);

	memset(bytes, c, count);
	return text_of(bytes, count);
}

static void
short_text_is_one_string(void **state)
{
	assert_text(written(*state, TEXT("v=DKIM1; p=AB+/==")),
		    "\"v=DKIM1; p=AB+/==\"");
	assert_text(written(*state, TEXT("")), "\"\"");
}

static void
strings_end_at_255_bytes(void **state)
{
	static const size_t lengths[][2] = {{1, 1},   {255, 1}, {256, 2},
					    {510, 2}, {511, 3}, {764, 3},
					    {1020, 4}};
	struct text text;
	size_t i, quotes, j;

	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		text = written(*state, repeated(*state, 'x', lengths[i][0]));
		for (quotes = 0, j = 0; j < text.len; j++)
			quotes += text.at[j] == '"';
		assert_int_equal(quotes, 2 * lengths[i][1]);
		assert_int_equal(text.len,
				 lengths[i][0] + 3 * lengths[i][1] - 1);
	}
	text = written(*state, repeated(*state, 'x', 256));
	assert_text(text_skip(text, 254), "xx\" \"x\"");
}

static void
what_a_zone_file_would_misread_is_escaped(void **state)
{
	assert_text(written(*state, TEXT("a\"b\\c")), "\"a\\\"b\\\\c\"");
	assert_text(written(*state, TEXT("a\nb\tc\177")),
		    "\"a\\010b\\009c\\127\"");
	assert_text(written(*state, text_of("\0\xff;(", 4)),
		    "\"\\000\\255;(\"");
}

static void
a_record_has_no_class(void **state)
{
	struct buf buf;

	buf_init(&buf, *state, 1000);
	zone_text_write_record(&buf, TEXT("s._domainkey.example.org"), 3600,
			       TEXT("v=DKIM1; p="));
	assert_text(buf_view(&buf), "s._domainkey.example.org.\t3600\tTXT\t"
				    "\"v=DKIM1; p=\"\n");
}

static void
all_bytes_come_back(void **state)
{
	char bytes[1021];
	struct text text;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	for (i = 0; i <= sizeof(bytes); i += 51) {
		if (!zone_text_read(*state, written(*state, text_of(bytes, i)),
				    &text, &why))
			fail_msg("%s", why.text);
		assert_int_equal(text.len, i);
		assert_memory_equal(text.at, bytes, i);
	}
}

static void
forms_that_people_write(void **state)
{
	static const char *const pairs[][2] = {
	    {"abc", "abc"},
	    {"\"a\" \"b\"", "ab"},
	    {"\"a\"\"b\"", "ab"},
	    {"a b", "ab"},
	    {"( \"a\" ; one\n\t\"b\" )", "ab"},
	    {"  \"a;b\"  ; said\n", "a;b"},
	    {"\\\"\\065", "\"A"},
	    {"!NXDOMAIN", "!NXDOMAIN"},
	};
	struct text text;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		if (!zone_text_read(*state, text_from(pairs[i][0]), &text,
				    &why))
			fail_msg("%s: %s", pairs[i][0], why.text);
		assert_text(text, pairs[i][1]);
	}
}

static void
what_is_no_txt_data(void **state)
{
	static const char *const bad[] = {
	    "",	     " \t",	  "; only this", "\"a",
	    "\"a\\", "\"a\\25\"", "\\256",	 "(a",
	    "a)",    "\"a\nb\"",  "a\nb TXT c",	 "a\n\tTXT c"};
	struct text text;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (zone_text_read(*state, text_from(bad[i]), &text, &why))
			fail_msg("\"%s\" was taken", bad[i]);
	assert_false(
	    zone_text_read(*state, repeated(*state, 'x', 256), &text, &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(short_text_is_one_string),
	    arena_unit_test(strings_end_at_255_bytes),
	    arena_unit_test(what_a_zone_file_would_misread_is_escaped),
	    arena_unit_test(a_record_has_no_class),
	    arena_unit_test(all_bytes_come_back),
	    arena_unit_test(forms_that_people_write),
	    arena_unit_test(what_is_no_txt_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
