#include "unit.h"

#include "base/buf.h"
#include "base/why.h"
#include "mailauth/dmarc_report_check.h"

static const struct dmarc_report_metadata metadata = {
    .org_name = TEXT_INIT("Receiver"),
    .email = TEXT_INIT("postmaster@receiver.example"),
    .report_id = TEXT_INIT("1"),
    .begin = 1732147200,
    .end = 1732233599,
};
static const struct dmarc_report_policy policy = {
    .domain = TEXT_INIT("example.com"),
};

static struct dmarc_report_totals
written(struct arena *arena, enum dmarc_report_dialect dialect,
	unsigned records, struct sink to)
{
	struct dmarc_report_record record = {
	    .count = 3,
	    .disposition = TEXT_INIT("none"),
	    .dkim = TEXT_INIT("fail"),
	    .spf = TEXT_INIT("fail"),
	    .header_from = TEXT_INIT("example.com"),
	};
	struct dmarc_report_totals totals;
	struct dmarc_report *report;
	struct why why;

	ipaddr_parse(TEXT("192.0.2.1"), &record.source_ip);
	report =
	    dmarc_report_begin(arena, dialect, &metadata, &policy, to, &why);
	assert_non_null(report);
	while (records-- > 0)
		assert_true(dmarc_report_add(report, &record, &why));
	if (!dmarc_report_end(report, &totals, &why))
		fail_msg("%s", why.text);
	return totals;
}

static void
totals_must_agree(void **state)
{
	struct dmarc_report_totals totals, more;
	struct buf buf;
	struct why why;

	buf_init(&buf, *state, 100000);
	totals = written(*state, DMARC_REPORT_RFC9990, 4, sink_to_buf(&buf));
	assert_int_equal(totals.records, 4);
	assert_int_equal(totals.messages, 12);
	assert_true(dmarc_report_is_good(*state, DMARC_REPORT_RFC9990,
					 buf_view(&buf), &totals, NULL));
	more = totals;
	more.records++;
	assert_false(dmarc_report_is_good(*state, DMARC_REPORT_RFC9990,
					  buf_view(&buf), &more, &why));
	assert_string_equal(why.text, "the report has 4 records and not 5");
	more = totals;
	more.messages--;
	assert_false(dmarc_report_is_good(*state, DMARC_REPORT_RFC9990,
					  buf_view(&buf), &more, &why));
	assert_string_equal(why.text,
			    "the report counts 12 messages and not 11");
}

/* Each byte cut off, and each letter of a name changed, makes it bad. */
static void
damage_is_found(void **state)
{
	struct dmarc_report_totals totals;
	struct text good;
	struct buf buf;
	char *bytes;
	size_t i;

	buf_init(&buf, *state, 100000);
	totals = written(*state, DMARC_REPORT_RFC7489, 1, sink_to_buf(&buf));
	good = buf_view(&buf);
	bytes = arena_copy(*state, good.at, good.len);
	/* the last two bytes are ">\n" */
	for (i = 100; i < good.len - 1; i += 7)
		assert_false(dmarc_report_is_good(*state, DMARC_REPORT_RFC7489,
						  text_first(good, i), &totals,
						  NULL));
	for (i = 100; i < good.len; i++) {
		if (good.at[i - 1] != '<')
			continue;
		bytes[i] = '!';
		assert_false(dmarc_report_is_good(*state, DMARC_REPORT_RFC7489,
						  text_of(bytes, good.len),
						  &totals, NULL));
		bytes[i] = good.at[i];
	}
	assert_true(dmarc_report_is_good(*state, DMARC_REPORT_RFC7489,
					 text_of(bytes, good.len), &totals,
					 NULL));
}

static void
dialects_are_not_the_same(void **state)
{
	struct dmarc_report_totals totals;
	struct buf buf;

	buf_init(&buf, *state, 100000);
	totals = written(*state, DMARC_REPORT_RFC9990, 1, sink_to_buf(&buf));
	assert_false(dmarc_report_is_good(*state, DMARC_REPORT_RFC7489,
					  buf_view(&buf), &totals, NULL));
}

/* Written and checked at once, without keeping it anywhere. */
static void
memory_stays(void **state)
{
	struct dmarc_report_check *check =
	    dmarc_report_check_new(*state, DMARC_REPORT_RFC9990);
	struct sink sink = dmarc_report_check_sink(check);
	struct dmarc_report_totals totals;
	size_t held = arena_held(*state);

	totals = written(*state, DMARC_REPORT_RFC9990, 20000, sink);
	assert_true(dmarc_report_check_end(check, &totals, NULL));
	assert_true(arena_held(*state) <= held + 100000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(totals_must_agree),
	    arena_unit_test(damage_is_found),
	    arena_unit_test(dialects_are_not_the_same),
	    arena_unit_test(memory_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
