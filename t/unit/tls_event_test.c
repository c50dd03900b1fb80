#include "unit.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "mailtls/tls_event.h"

static const struct tls_event event = {
    "018f0000-0000-7000-8000-000000000001", 1792000000123,
    TEXT_INIT("mx1.example.org"), "signet-tls-collect"};

static struct text
result_line(struct arena *arena, const struct tls_result *result)
{
	struct buf to;

	buf_init(&to, arena, LIMIT_EVENT_BYTES);
	tls_result_write(arena, &event, result, &to);
	assert_true(buf_ok(&to));
	return buf_view(&to);
}

static void
a_session_that_failed(void **state)
{
	struct tlsrpt_value record = {TEXT("3 1 1 AB"), NULL};
	struct tlsrpt_failure failure = {.result_type =
					     TEXT("certificate-expired"),
					 .receiving_mx = TEXT("mx.a.test"),
					 .reason_code = TEXT("say \"x\"")};
	struct tlsrpt_policy policy = {.type = TEXT("tlsa"),
				       .domain = TEXT("mx.a.test"),
				       .strings = &record,
				       .failed = 1,
				       .failures = &failure};
	struct tls_result result = {.recipient_domain = TEXT("a.test"),
				    .source = TLS_SOURCE_DATAGRAM,
				    .tlsrpt_record = TEXT("v=TLSRPTv1"),
				    .policies = &policy};

	assert_true(ipaddr_parse(TEXT("2001:db8::1"), &failure.receiving_ip));
	assert_text(
	    result_line(*state, &result),
	    "{\"v\":1,\"type\":\"tls_result\","
	    "\"id\":\"018f0000-0000-7000-8000-000000000001\","
	    "\"at\":\"2026-10-14T17:46:40.123Z\","
	    "\"host\":\"mx1.example.org\",\"program\":\"signet-tls-collect\","
	    "\"recipient_domain\":\"a.test\",\"source\":\"datagram\","
	    "\"success\":false,\"policies\":[{\"type\":\"tlsa\",\"domain\":"
	    "\"mx.a.test\","
	    "\"strings\":[\"3 1 1 AB\"],\"mx\":[],\"success\":false,"
	    "\"failures\":[{\"type\":\"certificate-expired\","
	    "\"receiving_ip\":\"2001:db8::1\",\"mx\":\"mx.a.test\","
	    "\"reason\":\"say \\\"x\\\"\",\"count\":1}]}],"
	    "\"tlsrpt_record\":\"v=TLSRPTv1\","
	    "\"report\":true}");
}

static struct json *
read_back(struct arena *arena, struct text line)
{
	struct json_doubts doubts;
	struct json *value = json_parse(arena, line, &doubts, NULL);

	assert_non_null(value);
	assert_false(doubts.not_utf8);
	return value;
}

static void
what_counts_neither_way(void **state)
{
	struct tlsrpt_failure failure = {.result_type = TEXT("tlsa-invalid"),
					 .sessions = 3};
	struct tlsrpt_policy host = {.type = TEXT("no-policy-found"),
				     .domain = TEXT("mx.a.test"),
				     .failures = &failure};
	struct tlsrpt_policy own = {.type = TEXT("sts"),
				    .domain = TEXT("a.test"),
				    .successful = 1,
				    .next = &host};
	struct tls_result result = {.recipient_domain = TEXT("a.test"),
				    .source = TLS_SOURCE_LOG,
				    .is_report = true,
				    .policies = &own};
	struct text line = result_line(*state, &result);
	struct json *policies =
	    json_member(read_back(*state, line), "policies");

	assert_int_equal(json_count(policies), 2);
	assert_null(json_member(json_element(policies, 1), "success"));
	assert_non_null(strstr(text_string(*state, line), "\"success\":null"));
	assert_non_null(strstr(text_string(*state, line), "\"count\":3"));
	assert_non_null(
	    strstr(text_string(*state, line), "\"success\":true,\"policies\""));
	assert_non_null(strstr(text_string(*state, line), "\"report\":false"));
	assert_null(strstr(text_string(*state, line), "tlsrpt_record"));
	assert_null(strstr(text_string(*state, line), "instance"));
}

static void
foreign_bytes_stay_inside(void **state)
{
	struct tlsrpt_policy policy = {
	    .type = TEXT("sts"), .domain = TEXT("a.test"), .successful = 1};
	struct tls_result result = {
	    .recipient_domain = TEXT("a.test"),
	    .source = TLS_SOURCE_PROBE,
	    .tlsrpt_record = TEXT("\xff\n\",\"report\":false,\"x\":\"\xc3"),
	    .policies = &policy};
	struct text line = result_line(*state, &result);

	assert_true(utf8_is_valid(line));
	assert_false(text_has(line, '\n'));
	read_back(*state, line);
	assert_non_null(strstr(text_string(*state, line), "\"report\":true"));
}

static void
a_line_that_is_too_long(void **state)
{
	struct tlsrpt_policy policy = {
	    .type = TEXT("sts"), .domain = TEXT("a.test"), .successful = 1};
	struct tls_result result = {.recipient_domain = TEXT("a.test"),
				    .source = TLS_SOURCE_POLICY,
				    .policies = &policy};
	struct buf to;

	buf_init(&to, *state, 100);
	tls_result_write(*state, &event, &result, &to);
	assert_false(buf_ok(&to));
}

static void
domains(void **state)
{
	struct tls_domain domain = {.domain = TEXT("a.test"),
				    .starttls = TLS_SEEN_YES,
				    .requiretls = TLS_SEEN_NO,
				    .mx_dnssec = TLS_SEEN_ERROR,
				    .dane = "some",
				    .level = "dane"};
	struct buf to;

	buf_init(&to, *state, LIMIT_EVENT_BYTES);
	tls_domain_write(*state, &event, &domain, &to);
	assert_text(
	    buf_view(&to),
	    "{\"v\":1,\"type\":\"tls_domain\","
	    "\"id\":\"018f0000-0000-7000-8000-000000000001\","
	    "\"at\":\"2026-10-14T17:46:40.123Z\","
	    "\"host\":\"mx1.example.org\",\"program\":\"signet-tls-collect\","
	    "\"domain\":\"a.test\",\"starttls\":true,\"requiretls\":false,"
	    "\"mx_dnssec\":\"error\",\"dane\":\"some\",\"level\":\"dane\"}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(a_session_that_failed),
	    arena_unit_test(what_counts_neither_way),
	    arena_unit_test(foreign_bytes_stay_inside),
	    arena_unit_test(a_line_that_is_too_long),
	    arena_unit_test(domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
