#include "unit.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailtls/tlsrpt_report.h"

#define DAY INT64_C(1795305600) /* 2026-11-22 */

static const struct tlsrpt_report_head head = {
    .organization = TEXT_INIT("Site \"best\""),
    .contact = TEXT_INIT("tls@site.example"),
    .report_id = TEXT_INIT("20261122aa@site.example"),
    .begin = DAY,
    .end = DAY + 86399};

static struct tlsrpt_failure failures[2];
static struct tlsrpt_value strings[2] = {
    {TEXT_INIT("version: STSv1"), &strings[1]},
    {TEXT_INIT("mode: enforce"), NULL}};
static struct tlsrpt_value mx = {TEXT_INIT("*.mail.example.com"), NULL};

/* With two failures, of which one has all that one can have. */
static struct tlsrpt_policy
whole_policy(void)
{
	failures[0] = (struct tlsrpt_failure){
	    .result_type = TEXT("certificate-expired"),
	    .receiving_mx = TEXT("mx1.mail.example.com"),
	    .receiving_helo = TEXT("mx1"),
	    .information = TEXT("https://x/?a=\"\\\x01\xff"),
	    .reason_code = TEXT("E"),
	    .sessions = 300,
	    .next = &failures[1]};
	ipaddr_parse(TEXT("2001:db8::1"), &failures[0].sending_ip);
	ipaddr_parse(TEXT("203.0.113.56"), &failures[0].receiving_ip);
	failures[1] = (struct tlsrpt_failure){
	    .result_type = TEXT("starttls-not-supported"), .sessions = 3};
	return (struct tlsrpt_policy){.type = TEXT("sts"),
				      .domain = TEXT("example.com"),
				      .strings = &strings[0],
				      .mx_hosts = &mx,
				      .successful = 5326,
				      .failed = 303,
				      .failures = failures,
				      .failure_count = 2};
}

static struct text
write_report(struct arena *arena, const struct tlsrpt_policy *policies,
	     size_t count, struct tlsrpt_report_totals *totals)
{
	struct tlsrpt_report_writer *writer;
	struct buf *out = arena_new_value(arena, struct buf);

	buf_init(out, arena, LIMIT_TLS_REPORT_BYTES);
	writer = tlsrpt_report_begin(arena, &head, sink_to_buf(out), NULL);
	assert_non_null(writer);
	for (size_t i = 0; i < count; i++)
		assert_true(
		    tlsrpt_report_add(writer, arena, &policies[i], NULL));
	assert_true(tlsrpt_report_end(writer, totals, NULL));
	assert_int_equal(totals->bytes, out->len);
	return buf_view(out);
}

static void
bytes(void **state)
{
	struct tlsrpt_policy policies[2] = {whole_policy(),
					    {.type = TEXT("no-policy-found"),
					     .domain = TEXT("example.com"),
					     .successful = 1}};
	struct tlsrpt_report_totals totals;

	assert_text(
	    write_report(*state, policies, 2, &totals),
	    "{\"organization-name\":\"Site \\\"best\\\"\",\"date-range\":{"
	    "\"start-datetime\":\"2026-11-22T00:00:00Z\",\"end-datetime\":"
	    "\"2026-11-22T23:59:59Z\"},\"contact-info\":\"tls@site.example\","
	    "\"report-id\":\"20261122aa@site.example\",\"policies\":[\n"
	    "{\"policy\":{\"policy-type\":\"sts\",\"policy-string\":["
	    "\"version: STSv1\",\"mode: enforce\"],\"policy-domain\":"
	    "\"example.com\",\"mx-host\":[\"*.mail.example.com\"]},"
	    "\"summary\":{\"total-successful-session-count\":5326,"
	    "\"total-failure-session-count\":303},\"failure-details\":["
	    "{\"result-type\":\"certificate-expired\",\"sending-mta-ip\":"
	    "\"2001:db8::1\",\"receiving-mx-hostname\":"
	    "\"mx1.mail.example.com\",\"receiving-mx-helo\":\"mx1\","
	    "\"receiving-ip\":\"203.0.113.56\",\"failed-session-count\":300,"
	    "\"additional-information\":\"https://x/?a=\\\"\\\\?"
	    "?\","
	    "\"failure-reason-code\":\"E\"},{\"result-type\":"
	    "\"starttls-not-supported\",\"failed-session-count\":3}]},\n"
	    "{\"policy\":{\"policy-type\":\"no-policy-found\","
	    "\"policy-domain\":\"example.com\"},\"summary\":{"
	    "\"total-successful-session-count\":1,"
	    "\"total-failure-session-count\":0}}\n]}\n");
	assert_int_equal(totals.policies, 2);
	assert_int_equal(totals.failures, 2);
	assert_int_equal(totals.successful, 5327);
	assert_int_equal(totals.failed, 303);
	assert_int_equal(totals.left_out, 0);
}

static void
reads_back(void **state)
{
	struct tlsrpt_policy policy = whole_policy();
	struct tlsrpt_report_totals totals;
	struct tlsrpt_report report;
	const struct tlsrpt_failure *failure;

	assert_true(tlsrpt_report_read(
	    *state, write_report(*state, &policy, 1, &totals), &report, NULL));
	assert_int_equal(report.defect_count, 0);
	assert_text(report.organization, "Site \"best\"");
	assert_text(report.contact, "tls@site.example");
	assert_text(report.report_id, "20261122aa@site.example");
	assert_int_equal(report.begin, DAY);
	assert_int_equal(report.end, DAY + 86399);
	assert_int_equal(report.policy_count, 1);
	assert_text(report.policies->type, "sts");
	assert_text(report.policies->domain, "example.com");
	assert_text(report.policies->strings->next->text, "mode: enforce");
	assert_text(report.policies->mx_hosts->text, "*.mail.example.com");
	assert_int_equal(report.policies->successful, 5326);
	assert_int_equal(report.policies->failed, 303);
	failure = report.policies->failures;
	assert_text(failure->result_type, "certificate-expired");
	assert_true(
	    ipaddr_equal(&failure->sending_ip, &failures[0].sending_ip));
	assert_true(
	    ipaddr_equal(&failure->receiving_ip, &failures[0].receiving_ip));
	assert_text(failure->receiving_mx, "mx1.mail.example.com");
	assert_text(failure->receiving_helo, "mx1");
	assert_text(failure->information, "https://x/?a=\"\\??");
	assert_text(failure->reason_code, "E");
	assert_int_equal(failure->sessions, 300);
	assert_int_equal(failure->next->sessions, 3);
	assert_int_equal(failure->next->sending_ip.family, 0);
}

/* More than a reader with bounds would take: left out, counted, and what is
 * there can be read. */
static void
too_much(void **state)
{
	size_t most = LIMIT_TLS_REPORT_OUT_ROWS, i;
	struct tlsrpt_policy policies[2] = {whole_policy(), whole_policy()};
	struct tlsrpt_report_totals totals;
	struct tlsrpt_report report;
	struct tlsrpt_failure *many =
	    arena_new_array(*state, struct tlsrpt_failure, most + 10);

	for (i = 0; i < most + 10; i++) {
		many[i] = failures[0];
		many[i].next = i + 1 < most + 10 ? &many[i + 1] : NULL;
	}
	policies[0].failures = many;
	policies[0].failed = (most - 4) * 300;
	assert_true(tlsrpt_report_read(
	    *state, write_report(*state, policies, 2, &totals), &report, NULL));
	/* the policy and its three values */
	assert_int_equal(totals.failures, most - 4);
	assert_int_equal(totals.policies, 1);
	assert_int_equal(totals.left_out, 14 + 1);
	assert_int_equal(report.failure_count, most - 4);
	assert_int_equal(report.defect_count, 0);
}

static bool
refuse(void *handle, struct text text, struct why *why)
{
	unsigned *left = handle;

	return (*left)-- > 0 || why_set(why, "full");
}

static void
a_sink_that_fails(void **state)
{
	struct tlsrpt_policy policy = whole_policy();
	struct tlsrpt_report_totals totals;
	struct tlsrpt_report_writer *writer;
	unsigned left = 0;
	struct why why;

	assert_null(tlsrpt_report_begin(*state, &head,
					(struct sink){refuse, &left}, &why));
	assert_string_equal(why.text, "full");
	left = 3;
	writer = tlsrpt_report_begin(*state, &head,
				     (struct sink){refuse, &left}, NULL);
	assert_false(tlsrpt_report_add(writer, *state, &policy, NULL));
	left = 0;
	assert_false(tlsrpt_report_end(writer, &totals, NULL));
}

static void
file_name(void **state)
{
	assert_text(tlsrpt_report_filename(*state, TEXT("site.example"),
					   TEXT("example.com"), DAY,
					   DAY + 86399, head.report_id),
		    "site.example!example.com!1795305600!1795391999!"
		    "20261122aa.json.gz");
	assert_text(tlsrpt_report_filename(*state, TEXT("s"), TEXT("d"), 1, 2,
					   TEXT("@x")),
		    "s!d!1!2.json.gz");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(bytes),	arena_unit_test(reads_back),
	    arena_unit_test(too_much),	arena_unit_test(a_sink_that_fails),
	    arena_unit_test(file_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
