#include "unit.h"

#include "base/buf.h"
#include "base/why.h"
#include "base/xml.h"

static const struct xml_bounds bounds = {
    .bytes = 100000,
    .elements = 100,
    .depth = 10,
    .attributes = 20,
    .names = 500,
    .token_bytes = 9000,
    .errors = 20,
};

struct bench {
	struct buf seen;
	unsigned defects;
	const char *stop_at;
};

static bool
on_start(void *handle, struct text name, struct text ns, struct why *why)
{
	struct bench *bench = handle;

	if (bench->stop_at != NULL &&
	    text_equal(name, text_from(bench->stop_at)))
		return why_set(why, "no more");
	buf_printf(&bench->seen, "<" TEXT_FMT "%s" TEXT_FMT ">", TEXT_ARG(name),
		   ns.len > 0 ? "=" : "", TEXT_ARG(ns));
	return true;
}

static void
on_text(void *handle, struct text text)
{
	struct bench *bench = handle;

	buf_text(&bench->seen, text);
}

static bool
on_end(void *handle, struct text name, struct why *why)
{
	struct bench *bench = handle;

	buf_string(&bench->seen, "</>");
	return true;
}

static void
on_defect(void *handle, const char *text)
{
	struct bench *bench = handle;

	bench->defects++;
}

static const struct xml_events events = {on_start, on_text, on_end, on_defect};

/* "EVENTS", "EVENTS..." when the end is missing, or "EVENTS!REASON" */
static struct text
feed(struct xml_reader *reader, struct bench *bench, struct text bytes,
     size_t step)
{
	struct why why;
	bool complete, good = true;
	size_t at;

	for (at = 0; good && at < bytes.len; at += step)
		good = xml_reader_put(
		    reader, text_first(text_skip(bytes, at), step), &why);
	if (good)
		good = xml_reader_finish(reader, &complete, &why);
	if (!good)
		buf_printf(&bench->seen, "!%s", why.text);
	else if (!complete)
		buf_string(&bench->seen, "...");
	return buf_view(&bench->seen);
}

static struct text
read_in(struct arena *arena, struct bench *bench, struct text bytes,
	size_t step)
{
	buf_init(&bench->seen, arena, 1000000);
	return feed(xml_reader_new(arena, &bounds, &events, bench), bench,
		    bytes, step);
}

#define assert_read_as(bytes, wanted, wrong)                                   \
	do {                                                                   \
		struct bench assert_bench = {.defects = 0};                    \
		assert_text(read_in(*state, &assert_bench, TEXT(bytes), 1),    \
			    wanted);                                           \
		assert_bench.defects = 0;                                      \
		assert_text(read_in(*state, &assert_bench, TEXT(bytes), 5000), \
			    wanted);                                           \
		assert_int_equal(assert_bench.defects, wrong);                 \
	} while (0)

static void
events_in_order(void **state)
{
	assert_read_as("<?xml version='1.0'?><a>b<c d='e'/>&lt;&#228;<!-- x "
		       "--><![CDATA[<&]]><?p i?></a>\n",
		       "<a>b<c></><\xc3\xa4<&</>", 0);
}

static void
namespaces(void **state)
{
	assert_read_as("<a xmlns='urn:d' xmlns:x='urn:x'><x:b/><c/></a>",
		       "<a=urn:d><b=urn:x></><c=urn:d></></>", 0);
	/* an undeclared prefix */
	assert_read_as("<y:a/>", "<a></>", 1);
}

static void
what_is_not_well_formed(void **state)
{
	assert_read_as("<a><b/>", "<a><b></>...", 0);
	assert_read_as("<a>b</a> c <d/>", "<a>b</>", 1);
	assert_read_as("<a>b</a>\n\n", "<a>b</>", 0);
	assert_read_as("<a>&nbsp;b</a>", "<a>b</>", 1);
	assert_read_as("", "!there is no XML element", 0);
	assert_read_as("just text", "!there is no XML element", 1);
}

static void
no_document_type(void **state)
{
	const char *refusal = "!a document type declaration is not taken";

	assert_read_as("<!DOCTYPE a><a/>", refusal, 0);
	assert_read_as("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", refusal, 0);
	assert_read_as("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", refusal,
		       0);
}

static struct text
repeated(struct arena *arena, const char *before, const char *part,
	 size_t times, const char *after)
{
	struct buf buf;

	buf_init(&buf, arena, 1 << 20);
	buf_string(&buf, before);
	while (times-- > 0)
		buf_string(&buf, part);
	buf_string(&buf, after);
	assert_true(buf_ok(&buf));
	return buf_view(&buf);
}

static bool
ends_with(struct text text, const char *end)
{
	return text_ends_nocase(text, text_from(end));
}

static void
bounds_are_refusals(void **state)
{
	struct bench bench = {.defects = 0};

	assert_true(ends_with(
	    read_in(*state, &bench, repeated(*state, "", "<a>", 11, ""), 100),
	    "!elements nest deeper than 10"));
	assert_true(ends_with(
	    read_in(*state, &bench,
		    repeated(*state, "<a>", "<b/>", 100, "</a>"), 100),
	    "!more than 100 elements"));
	assert_true(ends_with(
	    read_in(*state, &bench,
		    repeated(*state, "<a>", "long ", 25000, "</a>"), 100),
	    "!more than 100000 bytes"));
	assert_true(ends_with(
	    read_in(*state, &bench,
		    repeated(*state, "<a b='", "long ", 5000, "'/>"), 100),
	    "!a tag or comment of more than 9000 bytes"));
	assert_true(ends_with(
	    read_in(*state, &bench,
		    repeated(*state, "<a><!--", "long ", 5000, "--></a>"), 100),
	    "!a tag or comment of more than 9000 bytes"));
	assert_true(
	    ends_with(read_in(*state, &bench,
			      repeated(*state, "<a>", "&x;", 30, "</a>"), 100),
		      "!more than 20 errors"));
	/* long text has no bound of its own */
	assert_true(ends_with(
	    read_in(*state, &bench,
		    repeated(*state, "<a>", "long ", 10000, "</a>"), 100),
	    "long </>"));
}

static void
the_caller_may_stop(void **state)
{
	struct bench bench = {.stop_at = "c"};

	assert_text(read_in(*state, &bench, TEXT("<a><b/><c/><d/></a>"), 1),
		    "<a><b></>!no more");
}

static const char xsd[] =
    "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>"
    "<xs:element name='a'><xs:complexType><xs:sequence>"
    "<xs:element name='b' type='xs:integer' maxOccurs='3'/>"
    "</xs:sequence></xs:complexType></xs:element></xs:schema>";

static struct text
validated(struct arena *arena, const char *document)
{
	struct bench bench = {.defects = 0};
	struct xml_schema *schema = xml_schema_new(arena, text_from(xsd));

	buf_init(&bench.seen, arena, 10000);
	return feed(
	    xml_reader_new_strict(arena, &bounds, &events, &bench, schema),
	    &bench, text_from(document), 3);
}

#define assert_invalid(document)                                               \
	do {                                                                   \
		struct text assert_got = validated(*state, document);          \
		if (text_find(assert_got, '!') == assert_got.len)              \
			fail_msg("valid: %s", document);                       \
	} while (0)

static void
schema(void **state)
{
	assert_text(validated(*state, "<a><b>1</b><b>2</b></a>"),
		    "<a><b>1</><b>2</></>");
	assert_invalid("<a/>");
	assert_invalid("<a><b>x</b></a>");
	assert_invalid("<a><b>1</b><c/></a>");
	assert_invalid("<a><b>1</b><b>1</b><b>1</b><b>1</b></a>");
	assert_invalid("<b>1</b>");
	/* not well-formed */
	assert_invalid("<a><b>1</b>");
	assert_invalid("<a><b>1</b></a><a/>");
	assert_invalid("<a><b>1</b>&nbsp;</a>");
	assert_invalid("");
	assert_invalid("<!DOCTYPE a><a><b>1</b></a>");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(events_in_order),
	    arena_unit_test(namespaces),
	    arena_unit_test(what_is_not_well_formed),
	    arena_unit_test(no_document_type),
	    arena_unit_test(bounds_are_refusals),
	    arena_unit_test(the_caller_may_stop),
	    arena_unit_test(schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
