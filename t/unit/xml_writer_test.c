#include "unit.h"

#include "base/buf.h"
#include "base/why.h"
#include "base/xml_writer.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static struct text
element(struct arena *arena, struct text text)
{
	struct xml_writer *xml;
	struct buf buf;

	buf_init(&buf, arena, 100000);
	xml = xml_writer_new(arena, sink_to_buf(&buf));
	xml_writer_element(xml, "a", text);
	assert_true(xml_writer_finish(xml, NULL));
	return text_skip(buf_view(&buf), strlen(DECLARATION));
}

static void
elements_stand_on_lines(void **state)
{
	struct xml_writer *xml;
	struct buf buf;

	buf_init(&buf, *state, 1000);
	xml = xml_writer_new(*state, sink_to_buf(&buf));
	xml_writer_start(xml, "a");
	xml_writer_attribute(xml, "xmlns", TEXT("urn:\"<&>\t\n\r"));
	xml_writer_element(xml, "b", TEXT("text"));
	xml_writer_element_int(xml, "n", INT64_MIN);
	xml_writer_start(xml, "c");
	xml_writer_text(xml, TEXT("x"));
	xml_writer_text(xml, TEXT("y"));
	xml_writer_end(xml);
	xml_writer_start(xml, "d");
	xml_writer_start(xml, "e");
	xml_writer_end(xml);
	xml_writer_end(xml);
	xml_writer_end(xml);
	assert_true(xml_writer_ok(xml));
	assert_true(xml_writer_finish(xml, NULL));
	assert_text(buf_view(&buf), DECLARATION
		    "<a xmlns=\"urn:&quot;&lt;&amp;&gt;&#9;&#10;&#13;\">\n"
		    "  <b>text</b>\n"
		    "  <n>-9223372036854775808</n>\n"
		    "  <c>xy</c>\n"
		    "  <d>\n"
		    "    <e/>\n"
		    "  </d>\n"
		    "</a>\n");
}

static void
text_is_escaped(void **state)
{
	assert_text(element(*state, TEXT("</a><b> & ]]> \"'")),
		    "<a>&lt;/a&gt;&lt;b&gt; &amp; ]]&gt; \"'</a>\n");
	assert_text(element(*state, TEXT("1\t2\n3\r4")),
		    "<a>1\t2\n3&#13;4</a>\n");
	assert_text(element(*state, text_of(NULL, 0)), "<a/>\n");
}

static void
what_xml_cannot_carry_is_left_out(void **state)
{
	assert_text(element(*state, TEXT("a\0\1\x1f\x0b"
					 "b\x7f")),
		    "<a>ab\x7f</a>\n");
	/* U+FFFE, U+FFFF; U+FFFD, U+10FFFF and U+00FC stay */
	assert_text(element(*state, TEXT("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd"
					 "\xf4\x8f\xbf\xbf\xc3\xbc")),
		    "<a>\xef\xbf\xbd\xf4\x8f\xbf\xbf\xc3\xbc</a>\n");
	/* no UTF-8: a lone byte, a surrogate, an overlong "/" */
	assert_text(element(*state, TEXT("\xfc<")),
		    "<a>\xef\xbf\xbd&lt;</a>\n");
	assert_text(element(*state, TEXT("\xc0\xaf")),
		    "<a>\xef\xbf\xbd\xef\xbf\xbd</a>\n");
	assert_text(element(*state, TEXT("\xed\xa0\x80")),
		    "<a>\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd</a>\n");
	assert_text(element(*state, TEXT("x\xc3")), "<a>x\xef\xbf\xbd</a>\n");
}

struct counter {
	size_t calls, bytes, most;
};

static bool
count(void *handle, struct text bytes, struct why *why)
{
	struct counter *counter = handle;

	counter->calls++;
	counter->bytes += bytes.len;
	if (bytes.len > counter->most)
		counter->most = bytes.len;
	return counter->bytes < 3000000 || why_set(why, "the disk is full");
}

static void
long_output_comes_in_pieces(void **state)
{
	struct counter counter = {0};
	struct xml_writer *xml =
	    xml_writer_new(*state, (struct sink){count, &counter});
	size_t held = arena_held(*state), i;

	xml_writer_start(xml, "a");
	for (i = 0; i < 100000; i++)
		xml_writer_element(xml, "b", TEXT("text"));
	xml_writer_end(xml);
	assert_true(xml_writer_finish(xml, NULL));
	assert_int_equal(counter.bytes,
			 strlen(DECLARATION "<a>\n</a>\n") + 100000 * 14);
	assert_true(counter.most >= 1000 && counter.most <= 10000);
	assert_int_equal(arena_held(*state), held);
}

static void
a_refusal_is_remembered(void **state)
{
	struct counter counter = {0};
	struct xml_writer *xml =
	    xml_writer_new(*state, (struct sink){count, &counter});
	struct why why;
	size_t i;

	for (i = 0; i < 500000; i++)
		xml_writer_element(xml, "b", TEXT("text"));
	assert_false(xml_writer_ok(xml));
	assert_true(counter.bytes >= 3000000 && counter.bytes <= 3010000);
	assert_false(xml_writer_finish(xml, &why));
	assert_string_equal(why.text, "the disk is full");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(elements_stand_on_lines),
	    arena_unit_test(text_is_escaped),
	    arena_unit_test(what_xml_cannot_carry_is_left_out),
	    arena_unit_test(long_output_comes_in_pieces),
	    arena_unit_test(a_refusal_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
