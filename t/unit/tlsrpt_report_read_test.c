#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailtls/tlsrpt_report_read.h"
#include "mailtls/tlsrpt_value.h"

static struct tlsrpt_report
read_report(struct arena *arena, const char *json)
{
	struct tlsrpt_report report;
	struct why why;

	if (!tlsrpt_report_read(arena, text_from(json), &report, &why))
		fail_msg("%s", why.text);
	return report;
}

static void
assert_defects(const struct tlsrpt_report *report, const char *const *want)
{
	const struct tlsrpt_defect *defect;

	for (defect = report->defects; defect != NULL; defect = defect->next) {
		if (*want == NULL)
			fail_msg("also: " TEXT_FMT, TEXT_ARG(defect->text));
		assert_text(defect->text, *want++);
	}
	if (*want != NULL)
		fail_msg("missing: %s", *want);
}

#define HEAD                                                                   \
	"{\"organization-name\":\"O\",\"contact-info\":\"c@o.example\","       \
	"\"report-id\":\"id1\",\"date-range\":{\"start-datetime\":"            \
	"\"2026-11-21T00:00:00Z\",\"end-datetime\":\"2026-11-21T23:59:59Z\"}," \
	"\"policies\":"

static void
as_the_rfc_has_it(void **state)
{
	static const char *const none[] = {NULL};
	struct tlsrpt_report report = read_report(
	    *state, HEAD
	    "[{\"policy\":{\"policy-type\":\"sts\",\"policy-string\":"
	    "[\"version: STSv1\",\"mode: enforce\"],\"policy-domain\":"
	    "\"Example.COM.\",\"mx-host\":[\"*.mail.example.com\"]},"
	    "\"summary\":{\"total-successful-session-count\":5326,"
	    "\"total-failure-session-count\":303},\"failure-details\":"
	    "[{\"result-type\":\"certificate-expired\",\"sending-mta-ip\":"
	    "\"2001:db8:abcd:0012::1\",\"receiving-mx-hostname\":"
	    "\"MX1.example.com\",\"receiving-mx-helo\":\"h\","
	    "\"receiving-ip\":\"203.0.113.56\",\"failed-session-count\":303,"
	    "\"additional-information\":\"https://x/\","
	    "\"failure-reason-code\":\"E\"}]}]}");
	const struct tlsrpt_policy *policy = report.policies;
	const struct tlsrpt_failure *failure = policy->failures;
	char address[IPADDR_STRING_BYTES];

	assert_defects(&report, none);
	assert_text(report.organization, "O");
	assert_text(report.contact, "c@o.example");
	assert_text(report.report_id, "id1");
	assert_int_equal(report.begin, 1795219200);
	assert_int_equal(report.end, 1795305599);
	assert_int_equal(report.policy_count, 1);
	assert_text(policy->type, "sts");
	assert_text(policy->domain, "example.com");
	assert_text(policy->strings->next->text, "mode: enforce");
	assert_text(policy->mx_hosts->text, "*.mail.example.com");
	assert_int_equal(policy->successful, 5326);
	assert_int_equal(policy->failed, 303);
	assert_text(failure->result_type, "certificate-expired");
	assert_string_equal(ipaddr_write(&failure->sending_ip, address),
			    "2001:db8:abcd:12::1");
	assert_string_equal(ipaddr_write(&failure->receiving_ip, address),
			    "203.0.113.56");
	assert_text(failure->receiving_mx, "mx1.example.com");
	assert_text(failure->receiving_helo, "h");
	assert_text(failure->information, "https://x/");
	assert_text(failure->reason_code, "E");
	assert_int_equal(failure->sessions, 303);
}

static void
broken_writers(void **state)
{
	static const char *const want[] = {
	    "\"report-id\" is a number",
	    "\"contact-info\" is missing",
	    "\"start-datetime\" has no time zone: read as UTC",
	    "\"end-datetime\" is a day without a time",
	    "\"policies\" is one value, not a list",
	    "\"policy-type\" is a word that RFC 8460 has not",
	    "\"policy-domain\" is no domain",
	    "\"policy-string\" is one value, not a list",
	    "\"mx-host-pattern\" is the name of a draft",
	    "\"mx-host\" is one value, not a list",
	    "\"mx-host\" has a name before its value",
	    "\"total-successful-session-count\" is a number in quotes",
	    "\"total-failure-session-count\" is missing: taken as 0",
	    "\"sending-mta-ip\" is no address",
	    "\"failed-session-count\" is below zero: taken as 0",
	    "a failure is no object: left out",
	    "\"result-type\" is missing",
	    "\"failure-error-code\" is the name of a draft",
	    "\"failed-session-count\" is beyond belief: taken as 0",
	    NULL};
	struct tlsrpt_report report = read_report(
	    *state,
	    "{\"organization-name\":\"O\",\"contact-info\":null,"
	    "\"report-id\":17,\"unknown\":{},\"date-range\":{"
	    "\"start-datetime\":\"2026-11-21T00:00:00\","
	    "\"end-datetime\":\"2026-11-21\"},\"policies\":{\"policy\":{"
	    "\"policy-type\":\"New\",\"policy-domain\":\"a..b\","
	    "\"policy-string\":\"x\",\"mx-host-pattern\":\"mx: mx.a.example\"}"
	    ",\"summary\":{\"total-successful-session-count\":\"12\"},"
	    "\"failure-details\":[{\"result-type\":\"brand-new\","
	    "\"sending-mta-ip\":\"host\",\"failed-session-count\":-1},5,"
	    "{\"failure-error-code\":\"E\",\"failed-session-count\":1e300}]}}");

	assert_defects(&report, want);
	assert_int_equal(report.begin, 1795219200);
	assert_int_equal(report.end, 1795305599);
	assert_text(report.report_id, "17");
	assert_text(report.policies->type, "new");
	assert_text(report.policies->domain, "a..b");
	assert_text(report.policies->mx_hosts->text, "mx.a.example");
	assert_int_equal(report.policies->successful, 12);
	assert_text(report.policies->failures->result_type, "brand-new");
	assert_text(report.policies->failures->next->reason_code, "E");
	assert_int_equal(report.failure_count, 2);
}

static void
other_charsets(void **state)
{
	static const char *const latin1[] = {"is not UTF-8: read as ISO-8859-1",
					     "\"contact-info\" is missing",
					     "\"report-id\" is missing",
					     "\"start-datetime\" is missing",
					     "\"end-datetime\" is missing",
					     "the report has no policies",
					     NULL};
	struct tlsrpt_report report = read_report(
	    *state, "{\"organization-name\":\"M\xfcller\",\"policies\":[]}");

	assert_defects(&report, latin1);
	assert_text(report.organization, "M\xc3\xbcller");
	report = read_report(*state, "\xef\xbb\xbf{\"organization-name\":"
				     "\"a\\u0000\\n\xe2\x80\xae\","
				     "\"policies\":[]}");
	assert_text(report.defects->text, "begins with a byte order mark");
	assert_text(report.organization, "a???");
}

static void
a_defect_is_told_once(void **state)
{
	struct tlsrpt_report report =
	    read_report(*state, HEAD "[1,2,3,{},{\"policy\":{}}]}");

	assert_text(report.defects->text, "a policy is no object: left out");
	assert_int_equal(report.defects->count, 3);
	assert_int_equal(report.policy_count, 2);
}

static void
refused(void **state)
{
	static const struct {
		const char *json, *reason;
	} cases[] = {
	    {"", "no JSON: nothing is there"},
	    {"<feedback/>", "no JSON: line 1"},
	    {"[]", "no TLS report: no JSON object"},
	    {"{}", "no TLS report: it has no policies"},
	    {"{\"policies\":7}", "no TLS report: its policies are no list"},
	    {"{\"policies\":[]} {}", "no JSON: line 1"},
	    {"{\"policies\":[", "no JSON: line 1"},
	};
	struct tlsrpt_report report;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_false(tlsrpt_report_read(
		    *state, text_from(cases[i].json), &report, &why));
		if (strncmp(why.text, cases[i].reason,
			    strlen(cases[i].reason)) != 0)
			fail_msg("%s: %s", cases[i].json, why.text);
	}
}

static void
hostile_sizes(void **state)
{
	struct tlsrpt_report report;
	struct buf buf;
	struct why why;
	unsigned i;

	buf_init(&buf, *state, 20u << 20);
	for (i = 0; i < 100000; i++)
		buf_char(&buf, '[');
	assert_false(tlsrpt_report_read(*state, buf_view(&buf), &report, &why));
	assert_non_null(strstr(why.text, "nested deeper"));
	buf_clear(&buf);
	buf_string(&buf, HEAD "[0");
	for (i = 0; i < LIMIT_JSON_VALUES; i++)
		buf_string(&buf, ",0");
	assert_false(tlsrpt_report_read(*state, buf_view(&buf), &report, &why));
	assert_non_null(strstr(why.text, "values"));
	buf_clear(&buf);
	buf_string(&buf, HEAD "[{},{\"policy\":{\"policy-domain\":\"");
	for (i = 0; i < 100000; i++)
		buf_char(&buf, 'a');
	buf_string(&buf, "\"}}]}");
	report = read_report(*state, buf_cstring(&buf));
	assert_true(report.policies->next->domain.len <=
		    LIMIT_REPORT_VALUE_BYTES + 3);
	assert_non_null(report.defects);
}

static void
numbers_beyond_all_bounds(void **state)
{
	struct tlsrpt_report report = read_report(
	    *state,
	    HEAD "[{\"policy\":{\"policy-type\":\"sts\",\"policy-domain\":"
		 "\"a.example\"},\"summary\":{\"total-successful-session-"
		 "count\":123456789012345678901234567890,"
		 "\"total-failure-session-count\":1.5}}]}");

	assert_text(report.defects->text, "has a number of more than 64 bits");
	assert_int_equal(report.policies->successful, 0);
	assert_int_equal(report.policies->failed, 1);
}

static void
sums_never_wrap(void **state)
{
	uint64_t most = 9007199254740991;

	assert_int_equal(tlsrpt_add_counts(1, 2), 3);
	assert_int_equal(tlsrpt_add_counts(most, most), most);
	assert_int_equal(tlsrpt_add_counts(most - 1, 1), most);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(as_the_rfc_has_it),
	    arena_unit_test(broken_writers),
	    arena_unit_test(other_charsets),
	    arena_unit_test(a_defect_is_told_once),
	    arena_unit_test(refused),
	    arena_unit_test(sums_never_wrap),
	    arena_unit_test(hostile_sizes),
	    arena_unit_test(numbers_beyond_all_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
