#include "unit.h"

#include "base/buf.h"
#include "base/xml_input.h"

struct bench {
	struct buf out, told;
};

static void
tell(void *handle, const char *text)
{
	struct bench *bench = handle;

	if (bench->told.len > 0)
		buf_string(&bench->told, "; ");
	buf_string(&bench->told, text);
}

/* "TEXT|DEFECTS" */
static struct text
taken(struct arena *arena, struct text bytes, size_t step)
{
	struct bench bench;
	struct xml_input *input;
	size_t at;

	buf_init(&bench.out, arena, 100000);
	buf_init(&bench.told, arena, 1000);
	input = xml_input_new(arena, sink_to_buf(&bench.out), tell, &bench);
	for (at = 0; at < bytes.len; at += step)
		assert_true(xml_input_put(
		    input, text_first(text_skip(bytes, at), step), NULL));
	assert_true(xml_input_finish(input, NULL));
	buf_string(&bench.out, "|");
	buf_text(&bench.out, buf_view(&bench.told));
	return buf_view(&bench.out);
}

#define assert_taken(bytes, wanted)                                            \
	do {                                                                   \
		assert_text(taken(*state, TEXT(bytes), 1), wanted);            \
		assert_text(taken(*state, TEXT(bytes), 7), wanted);            \
		assert_text(taken(*state, TEXT(bytes), 10000), wanted);        \
	} while (0)

static void
declarations_are_taken_off(void **state)
{
	assert_taken("<?xml version=\"1.0\"?><a/>", "<a/>|");
	assert_taken("<?xml version='1.0' encoding = 'UTF-8'?>\n<a/>",
		     "\n<a/>|");
	assert_taken("\xef\xbb\xbf<?xml version='1.0'?><a/>", "<a/>|");
	assert_taken("<a/>", "<a/>|");
	assert_taken("<?xml-stylesheet href='x'?><a/>",
		     "<?xml-stylesheet href='x'?><a/>|");
	assert_taken("<?xml version='1.0' <a/>", "<?xml version='1.0' <a/>|");
	assert_taken("", "|");
	assert_taken("\n <?xml version='1.0'?><a/>",
		     "<a/>|blanks before the document");
}

static void
charsets_by_their_signs(void **state)
{
	assert_taken("<?xml encoding=\"ISO-8859-1\"?><a>\xfc</a>",
		     "<a>\xc3\xbc</a>|");
	assert_taken("\xff\xfe<\0a\0/\0>\0", "<a/>|");
	assert_taken("\xfe\xff\0<\0a\0/\0>", "<a/>|");
	assert_taken("<\0a\0/\0>\0", "<a/>|");
	assert_taken("\0<\0?\0x\0m\0l\0 \0?\0>\0<\0a\0/\0>", "<a/>|");
	assert_taken("\xff\xfe\0\0<\0\0\0a\0\0\0/\0\0\0>\0\0\0", "<a/>|");
}

static void
declarations_that_are_not_true(void **state)
{
	assert_taken("<?xml encoding='utf-16'?><a>\xc3\xbc</a>",
		     "<a>\xc3\xbc</a>|the declared charset has wider "
		     "characters");
	assert_taken("<?xml encoding='x-klingon'?><a/>",
		     "<a/>|the declared charset is not known");
	assert_taken("<?xml encoding='utf-8'?><a>\xfc</a>",
		     "<a>\xc3\xbc</a>|bytes that are not of the charset");
}

static void
forbidden_characters_go(void **state)
{
	assert_taken("<a>\x01"
		     "b\xef\xbf\xbf\t\xef\xbf\xbd\x1b</a>",
		     "<a>b\t\xef\xbf\xbd</a>|characters that XML does not "
		     "allow");
}

/* longer than what is looked at for charset and declaration */
static void
long_documents(void **state)
{
	char *bytes = arena_bytes(*state, 50000);
	struct text got;

	memset(bytes, 'x', 50000);
	memcpy(bytes, "<a>\xfc", 4);
	got = taken(*state, text_of(bytes, 50000), 999);
	assert_int_equal(got.len,
			 50001 + strlen("|bytes that are not of the charset"));
	assert_memory_equal(got.at, "<a>\xc3\xbcx", 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(declarations_are_taken_off),
	    arena_unit_test(charsets_by_their_signs),
	    arena_unit_test(declarations_that_are_not_true),
	    arena_unit_test(forbidden_characters_go),
	    arena_unit_test(long_documents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
