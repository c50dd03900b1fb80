/* What a report may not do to its reader: a byte too many, entity bombs,
 * external entities, deep nesting, endless attributes, a million records, and
 * text that becomes markup.  Each is refused, or read, within fixed memory. */
#include "unit.h"

#include <inttypes.h>
#include <malloc.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/dmarc_report_check.h"
#include "mailauth/dmarc_report_read.h"

#define MEMORY_MAX (24u << 20)

extern size_t __sanitizer_get_current_allocated_bytes(void)
    __attribute__((weak));

static size_t
memory_now(void)
{
	struct mallinfo2 info;

	if (__sanitizer_get_current_allocated_bytes != NULL)
		return __sanitizer_get_current_allocated_bytes();
	info = mallinfo2();
	return info.uordblks + info.hblkhd;
}

struct bench {
	struct dmarc_report_reader *reader;
	const struct dmarc_report_head *head;
	size_t before;
	uint64_t records;
	struct why why;
};

static void
assert_memory(const struct bench *bench)
{
	size_t now = memory_now();

	if (now > bench->before + MEMORY_MAX)
		fail_msg("%zu bytes are held", now - bench->before);
}

static bool
look(void *handle, const struct dmarc_report_record *record, struct why *why)
{
	struct bench *bench = handle;

	if (++bench->records % 10000 == 0)
		assert_memory(bench);
	return true;
}

static void
begin(struct bench *bench, struct arena *arena)
{
	memset(bench, 0, sizeof(*bench));
	bench->before = memory_now();
	bench->reader = dmarc_report_reader_new(arena, look, bench);
}

/* The same piece again and again, as long as it is taken. */
static bool
feed(struct bench *bench, const char *piece, size_t times)
{
	struct text text = text_from(piece);

	while (times-- > 0) {
		if (!dmarc_report_reader_put(bench->reader, text, &bench->why))
			return false;
		if (times % 65536 == 0)
			assert_memory(bench);
	}
	return true;
}

static bool
end(struct bench *bench)
{
	assert_memory(bench);
	return dmarc_report_reader_end(bench->reader, &bench->head,
				       &bench->why);
}

static void
assert_refused(struct bench *bench, const char *reason)
{
	assert_false(end(bench));
	assert_string_equal(bench->why.text, reason);
}

static const char no_doctype[] = "a document type declaration is not taken";

static void
item_37_billion_laughs(void **state)
{
	struct bench bench;
	int i;

	begin(&bench, *state);
	feed(&bench, "<?xml version='1.0'?><!DOCTYPE lolz [", 1);
	feed(&bench, "<!ENTITY l0 'lol'>", 1);
	for (i = 1; i < 10; i++)
		feed(&bench,
		     arena_printf(*state,
				  "<!ENTITY l%d '&l%d;&l%d;&l%d;&l%d;"
				  "&l%d;&l%d;&l%d;&l%d;&l%d;&l%d;'>",
				  i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1,
				  i - 1, i - 1, i - 1, i - 1),
		     1);
	feed(&bench,
	     "]><feedback><report_metadata><org_name>&l9;</org_name>"
	     "</report_metadata></feedback>",
	     1);
	assert_refused(&bench, no_doctype);
}

static void
item_37_external_entities(void **state)
{
	struct bench bench;

	begin(&bench, *state);
	feed(&bench,
	     "<!DOCTYPE f [<!ENTITY x SYSTEM 'file:///etc/passwd'>"
	     "<!ENTITY % y SYSTEM 'http://192.0.2.1/'> %y;]>"
	     "<feedback><version>&x;</version></feedback>",
	     1);
	assert_refused(&bench, no_doctype);
}

static void
item_37_deep_nesting(void **state)
{
	struct bench bench;

	begin(&bench, *state);
	feed(&bench, "<feedback>", 1);
	assert_false(feed(&bench, "<a>", 1000000));
	assert_refused(&bench, "elements nest deeper than 32");
}

static void
item_37_an_endless_attribute(void **state)
{
	struct bench bench;

	begin(&bench, *state);
	feed(&bench, "<feedback a='", 1);
	assert_false(feed(&bench, "0123456789", 10 << 20));
	assert_refused(&bench, "a tag or comment of more than 65536 bytes");
}

/* Elements of 60 KiB, each with more attributes than any has. */
static void
item_37_many_attributes(void **state)
{
	struct bench bench;
	bool good = true;
	int i, j;

	begin(&bench, *state);
	feed(&bench, "<feedback>", 1);
	for (i = 0; good && i < 1000; i++) {
		good = feed(&bench, "<n", 1);
		for (j = 0; good && j < 7500; j++)
			good =
			    feed(&bench, arena_printf(*state, " a%x=''", j), 1);
		good = good && feed(&bench, "/>", 1);
	}
	assert_refused(&bench, "an element with more than 64 attributes");
}

static void
item_37_endless_tags_and_comments(void **state)
{
	static const char *const begins[] = {
	    "<feedback><!--", "<feedback><?p ", "<feedback><",
	    "<feedback></",   "<feedback>&",	"<feedback xmlns:"};
	struct bench bench;
	size_t i;

	for (i = 0; i < sizeof(begins) / sizeof(*begins); i++) {
		begin(&bench, *state);
		if (feed(&bench, begins[i], 1))
			feed(&bench, "abcdefghij", 1 << 20);
		end(&bench);
		assert_int_equal(bench.records, 0);
	}
}

static void
item_37_endless_text(void **state)
{
	struct bench bench;

	begin(&bench, *state);
	feed(&bench, "<feedback><report_metadata><org_name>", 1);
	assert_true(feed(&bench, "0123456789", 3 << 20));
	feed(&bench, "</org_name></report_metadata></feedback>", 1);
	assert_true(end(&bench));
	assert_int_equal(bench.head->metadata.org_name.len,
			 LIMIT_REPORT_VALUE_BYTES);
	assert_text(bench.head->defects->text,
		    "org_name is too long and was cut");
}

static void
item_37_names_without_end(void **state)
{
	struct bench bench;
	size_t i;
	bool good = true;

	begin(&bench, *state);
	feed(&bench, "<feedback>", 1);
	for (i = 0; good && i < 300000; i++) {
		char name[64];

		snprintf(name, sizeof(name), "<n%zu a%zu='' b='c'/>", i, i);
		good = feed(&bench, name, 1);
		assert_memory(&bench);
	}
	assert_false(good);
	assert_false(end(&bench));
}

static void
item_37_errors_without_end(void **state)
{
	struct bench bench;

	begin(&bench, *state);
	feed(&bench, "<feedback><version>", 1);
	/* newer libxml2 tells of the first hundred errors and no more; then
	 * it is the bytes without an element that are too many */
	assert_false(feed(&bench, "&x;", 200000));
	assert_false(end(&bench));
}

#define RECORD                                                                 \
	"<record><row><source_ip>192.0.2.1</source_ip><count>1</count>"        \
	"</row><identifiers><header_from>example.com</header_from>"            \
	"</identifiers></record>"

static void
item_37_more_than_a_million_records(void **state)
{
	struct bench bench;

	begin(&bench, *state);
	feed(&bench, "<feedback>", 1);
	assert_true(feed(&bench, RECORD, 20000));
	assert_false(feed(&bench, "<record/>", LIMIT_REPORT_RECORDS));
	assert_refused(&bench, "more than 1000000 records");
	assert_int_equal(bench.records, LIMIT_REPORT_RECORDS);
}

static void
item_37_a_record_with_much_in_it(void **state)
{
	struct bench bench;

	begin(&bench, *state);
	feed(&bench, "<feedback><record><auth_results>", 1);
	feed(&bench,
	     "<dkim><domain>a.example</domain><selector>s</selector>"
	     "<result>pass</result></dkim>",
	     100000);
	feed(&bench, "<spf><domain>a.example</domain></spf>", 100000);
	feed(&bench, "</auth_results><row><policy_evaluated>", 1);
	feed(&bench, "<reason><type>other</type></reason>", 100000);
	feed(&bench, "</policy_evaluated></row></record></feedback>", 1);
	assert_true(end(&bench));
	assert_int_equal(bench.records, 1);
}

static void
item_37_huge_counts_do_not_overflow(void **state)
{
	struct bench bench;
	int i;

	begin(&bench, *state);
	feed(&bench, "<feedback>", 1);
	for (i = 0; i < 1000; i++)
		feed(&bench,
		     "<record><row><count>1099511627776</count></row></record>"
		     "<record><row><count>18446744073709551616</count></row>"
		     "</record>",
		     1);
	feed(&bench, "</feedback>", 1);
	assert_true(end(&bench));
	assert_int_equal(bench.head->totals.messages,
			 1000 * (((uint64_t)1 << 40) + 1));
}

/* A whole report, cut at each byte, and with each byte turned into another:
 * read, or refused, and never beyond its end. */
static void
item_36_each_byte_cut_and_changed(void **state)
{
	static const char report[] =
	    "<?xml version='1.0' encoding='UTF-8'?><feedback "
	    "xmlns='urn:ietf:params:xml:ns:dmarc-2.0'><report_metadata>"
	    "<org_name>R&amp;&#228;</org_name><date_range><begin>1</begin>"
	    "</date_range></report_metadata>" RECORD "</feedback>\n";
	const struct dmarc_report_head *head;
	struct arena *arena = *state;
	char copy[sizeof(report)];
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(report); i++) {
		char *cut = malloc(i > 0 ? i : 1);

		memcpy(cut, report, i);
		dmarc_report_read(arena, text_of(cut, i), NULL, NULL, &head,
				  &why);
		free(cut);
		memcpy(copy, report, sizeof(report));
		copy[i] = (char)(copy[i] ^ (1 << i % 8));
		dmarc_report_read(arena, text_of(copy, sizeof(copy) - 1), NULL,
				  NULL, &head, &why);
		arena_reset(arena);
	}
	assert_true(dmarc_report_read(arena, text_from(report), NULL, NULL,
				      &head, &why));
	assert_int_equal(head->totals.records, 1);
}

/* --- there and back --- */

struct echo {
	struct text header_from, selector, human_result;
};

static bool
keep(void *handle, const struct dmarc_report_record *record, struct why *why)
{
	struct echo *echo = handle;

	assert_int_equal(record->count, 2);
	assert_int_equal(record->signature_count, 1);
	assert_true(text_equal(record->signatures[0].selector, echo->selector));
	assert_true(
	    text_equal(record->signatures[0].human_result, echo->human_result));
	assert_true(text_equal(record->header_from, echo->header_from));
	return true;
}

static void
item_38_markup_stays_text(void **state)
{
	static const char *const texts[] = {
	    "</selector></dkim></auth_results></record>",
	    "]]>",
	    "<![CDATA[",
	    "<!--",
	    "&amp;&lt;&#65;&#x10FFFF;",
	    "&lol9;",
	    "'\"`$(id)",
	    "a\tb\nc\rd",
	    "\xc3\xbc\xf0\x9f\x98\x80",
	    "%s%n"};
	struct dmarc_report_metadata metadata = {
	    .org_name = TEXT("<org>"),
	    .email = TEXT("\"a&b\"@example.org"),
	    .report_id = TEXT("1"),
	    .end = 1,
	};
	struct dmarc_report_policy policy = {.domain = TEXT("example.com")};
	const struct dmarc_report_head *head;
	struct dmarc_report_totals totals;
	struct dmarc_report *report;
	struct buf buf;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct echo echo = {TEXT("example.com"), text_from(texts[i]),
				    text_from(texts[i])};
		struct dmarc_report_dkim signature = {
		    TEXT("example.com"), echo.selector, TEXT("fail"),
		    echo.human_result};
		struct dmarc_report_record record = {
		    .count = 2,
		    .disposition = TEXT("none"),
		    .dkim = TEXT("fail"),
		    .spf = TEXT("fail"),
		    .header_from = echo.header_from,
		    .signatures = &signature,
		    .signature_count = 1,
		};

		ipaddr_parse(TEXT("192.0.2.1"), &record.source_ip);
		buf_init(&buf, *state, 100000);
		report =
		    dmarc_report_begin(*state, DMARC_REPORT_RFC9990, &metadata,
				       &policy, sink_to_buf(&buf), &why);
		assert_non_null(report);
		assert_true(dmarc_report_add(report, &record, &why));
		assert_true(dmarc_report_end(report, &totals, &why));
		assert_true(dmarc_report_is_good(*state, DMARC_REPORT_RFC9990,
						 buf_view(&buf), &totals,
						 &why));
		assert_true(dmarc_report_read(*state, buf_view(&buf), keep,
					      &echo, &head, &why));
		assert_text(head->metadata.org_name, "<org>");
		assert_text(head->metadata.email, "\"a&b\"@example.org");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(item_36_each_byte_cut_and_changed),
	    arena_unit_test(item_37_billion_laughs),
	    arena_unit_test(item_37_external_entities),
	    arena_unit_test(item_37_deep_nesting),
	    arena_unit_test(item_37_an_endless_attribute),
	    arena_unit_test(item_37_many_attributes),
	    arena_unit_test(item_37_endless_tags_and_comments),
	    arena_unit_test(item_37_endless_text),
	    arena_unit_test(item_37_names_without_end),
	    arena_unit_test(item_37_errors_without_end),
	    arena_unit_test(item_37_more_than_a_million_records),
	    arena_unit_test(item_37_a_record_with_much_in_it),
	    arena_unit_test(item_37_huge_counts_do_not_overflow),
	    arena_unit_test(item_38_markup_stays_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
