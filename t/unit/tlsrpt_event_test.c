#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailtls/tlsrpt_event.h"

static struct tlsrpt_event
parsed(struct arena *arena, const char *datagram)
{
	struct tlsrpt_event event;
	struct why why = {""};

	if (!tlsrpt_event_parse(arena, text_from(datagram), &event, &why))
		fail_msg("%s: %s", datagram, why.text);
	return event;
}

static void
assert_refused(struct arena *arena, struct text datagram, const char *reason)
{
	struct tlsrpt_event event;
	struct why why = {""};

	assert_false(tlsrpt_event_parse(arena, datagram, &event, &why));
	if (strstr(why.text, reason) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", why.text, reason);
}

static void
a_failure_under_sts(void **state)
{
	struct tlsrpt_event event = parsed(
	    *state,
	    "{\"d\": \"Name.Test\",\"pr\": \"v=TLSRPTv1; rua=mailto:r@n.test\","
	    "\"policies\":[{\"policy-type\":2,\"policy-domain\": \"NAME.test\","
	    "\"policy-string\":[\"version: STSv1\",\"mode: enforce\"],"
	    "\"mx-host\":[\"*.name.test\"],\"failure-details\":[{\"c\":202,"
	    "\"s\": \"192.0.2.10\",\"n\": \"MX.name.test\",\"h\": "
	    "\"250-mx.name.test hello\\r\\n250-PIPELINING\\r\\n250 STARTTLS\","
	    "\"r\": \"2001:db8::2\",\"a\": \"more\",\"f\": \"a reason\"}],"
	    "\"t\":1,\"f\":1}]}");
	struct tlsrpt_policy *policy = event.policies;
	struct tlsrpt_failure *failure = policy->failures;
	struct ipaddr address;

	assert_text(event.domain, "name.test");
	assert_text(event.record, "v=TLSRPTv1; rua=mailto:r@n.test");
	assert_text(policy->type, "sts");
	assert_text(policy->domain, "name.test");
	assert_text(policy->strings->text, "version: STSv1");
	assert_text(policy->strings->next->text, "mode: enforce");
	assert_text(policy->mx_hosts->text, "*.name.test");
	assert_int_equal(policy->failed, 1);
	assert_int_equal(policy->successful, 0);
	assert_null(policy->next);
	assert_int_equal(policy->failure_count, 1);
	assert_text(failure->result_type, "certificate-host-mismatch");
	assert_true(ipaddr_parse(TEXT("192.0.2.10"), &address));
	assert_true(ipaddr_equal(&failure->sending_ip, &address));
	assert_true(ipaddr_parse(TEXT("2001:db8::2"), &address));
	assert_true(ipaddr_equal(&failure->receiving_ip, &address));
	assert_text(failure->receiving_mx, "mx.name.test");
	assert_text(failure->receiving_helo, "mx.name.test hello");
	assert_text(failure->information, "more");
	assert_text(failure->reason_code, "a reason");
}

static void
types_and_versions(void **state)
{
	static const struct {
		const char *number, *type;
	} types[] = {{"1", "tlsa"}, {"2", "sts"}, {"9", "no-policy-found"}};
	static const char *const versions[] = {"", "\"dpv\": \"1\","};
	struct tlsrpt_event event;
	size_t i;

	for (i = 0; i < 6; i++) {
		event = parsed(
		    *state,
		    arena_printf(*state,
				 "{%s\"d\": \"a.test\",\"pr\": \"v=TLSRPTv1\","
				 "\"policies\":[{\"policy-type\":%s,\"t\":0,"
				 "\"f\":0}]}",
				 versions[i % 2], types[i / 2].number));
		assert_text(event.policies->type,
			    text_string(*state, text_from(types[i / 2].type)));
		/* older writers leave the domain out */
		assert_text(event.policies->domain, "a.test");
		assert_int_equal(event.policies->successful, 1);
		assert_null(event.policies->failures);
	}
}

static void
every_code_has_its_word(void **state)
{
	static const struct {
		int code;
		const char *word;
	} codes[] = {{201, "starttls-not-supported"},
		     {202, "certificate-host-mismatch"},
		     {203, "certificate-not-trusted"},
		     {204, "certificate-expired"},
		     {205, "validation-failure"},
		     {301, "sts-policy-fetch-error"},
		     {302, "sts-policy-invalid"},
		     {303, "sts-webpki-invalid"},
		     {304, "tlsa-invalid"},
		     {305, "dnssec-invalid"},
		     {306, "dane-required"},
		     {901, "validation-failure"}};
	struct tlsrpt_event event;
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		event =
		    parsed(*state,
			   arena_printf(*state,
					"{\"d\":\"a.test\",\"policies\":[{"
					"\"policy-type\":9,\"failure-details\":"
					"[{\"c\":%d}],\"f\":1}]}",
					codes[i].code));
		assert_text(event.policies->failures->result_type,
			    codes[i].word);
	}
	assert_text(event.policies->failures->reason_code, "tlsrpt-code-901");
}

static void
the_final_result(void **state)
{
	struct tlsrpt_event event;

	/* failures beside a success, as when another MX was tried first */
	event = parsed(*state, "{\"d\":\"a.test\",\"policies\":[{"
			       "\"policy-type\":9,\"failure-details\":"
			       "[{\"c\":201}],\"t\":1,\"f\":0}]}");
	assert_int_equal(event.policies->successful, 1);
	assert_int_equal(event.policies->failed, 0);
	assert_int_equal(event.policies->failure_count, 1);
	/* not told */
	event = parsed(*state, "{\"d\":\"a.test\",\"policies\":[{"
			       "\"policy-type\":9,\"failure-details\":"
			       "[{\"c\":201}]},{\"policy-type\":1,"
			       "\"policy-domain\":\"mx.a.test\"}]}");
	assert_int_equal(event.policies->failed, 1);
	assert_int_equal(event.policies->next->successful, 1);
	assert_text(event.policies->next->domain, "mx.a.test");
}

static void
foreign_bytes(void **state)
{
	struct tlsrpt_event event =
	    parsed(*state, "{\"d\":\"a.test\",\"pr\":\"v=TLSRPTv1;\xff\xc3\","
			   "\"policies\":[{\"policy-type\":2,"
			   "\"policy-string\":[\"mx: \\u001b[2J\", 7, null],"
			   "\"failure-details\":[{\"c\":202,\"s\":\"nonsense\","
			   "\"n\":\"not a\\u0000name\",\"h\":\"hello\","
			   "\"r\":12}],\"f\":1}]}");
	struct tlsrpt_failure *failure = event.policies->failures;

	assert_text(event.record, "v=TLSRPTv1;\xc3\xbf\xc3\x83");
	assert_text(event.policies->strings->text, "mx: ?[2J");
	assert_null(event.policies->strings->next);
	assert_int_equal(failure->sending_ip.family, 0);
	assert_int_equal(failure->receiving_ip.family, 0);
	assert_text(failure->receiving_mx, "not a?name");
	assert_text(failure->receiving_helo, "hello");
}

static void
what_is_no_datagram(void **state)
{
	char *long_one = arena_bytes(*state, LIMIT_TLSRPT_DATAGRAM_BYTES + 1);

	memset(long_one, ' ', LIMIT_TLSRPT_DATAGRAM_BYTES + 1);
	assert_refused(*state,
		       text_of(long_one, LIMIT_TLSRPT_DATAGRAM_BYTES + 1),
		       "longer than 262144 bytes");
	assert_refused(*state, TEXT(""), "no JSON");
	assert_refused(*state, TEXT("\0\1\2"), "no JSON");
	assert_refused(*state, TEXT("{\"d\":\"a.test\""), "no JSON");
	assert_refused(*state, TEXT("[]"), "recipient domain");
	assert_refused(*state, TEXT("{}"), "recipient domain");
	assert_refused(*state, TEXT("{\"d\":7}"), "recipient domain");
	assert_refused(*state, TEXT("{\"d\":\"[192.0.2.1]\",\"policies\":[]}"),
		       "recipient domain \"[192.0.2.1]\"");
	assert_refused(*state, TEXT("{\"d\":\"a.test\"}"), "no policies");
	assert_refused(*state, TEXT("{\"d\":\"a.test\",\"policies\":{}}"),
		       "no policies");
	assert_refused(*state, TEXT("{\"d\":\"a.test\",\"policies\":[1]}"),
		       "unknown type");
	assert_refused(
	    *state,
	    TEXT("{\"d\":\"a.test\",\"policies\":[{\"policy-type\":3}]}"),
	    "unknown type");
	assert_refused(
	    *state,
	    TEXT("{\"d\":\"a.test\",\"policies\":[{\"policy-type\":1,"
		 "\"policy-domain\":\"a\\nb..\"}]}"),
	    "policy domain \"a?b..\"");
}

static void
many_of_everything(void **state)
{
	struct tlsrpt_event event;
	struct tlsrpt_value *value;
	struct buf datagram;
	size_t i, count = 0;

	buf_init(&datagram, *state, 1u << 20);
	buf_string(&datagram, "{\"d\":\"a.test\",\"policies\":[{\"policy-type\""
			      ":2,\"f\":0,\"policy-string\":[\"x\"");
	for (i = 0; i < 1000; i++)
		buf_string(&datagram, ",\"x\"");
	buf_string(&datagram, "],\"failure-details\":[{}");
	for (i = 0; i < 1000; i++)
		buf_string(&datagram, ",{}");
	buf_string(&datagram, "]}]}");
	event = parsed(*state, buf_cstring(&datagram));
	for (value = event.policies->strings; value != NULL;
	     value = value->next)
		count++;
	assert_int_equal(count, LIMIT_TLSRPT_EVENT_VALUES);
	assert_int_equal(event.policies->failure_count,
			 LIMIT_TLSRPT_EVENT_VALUES);

	buf_clear(&datagram);
	buf_string(&datagram, "{\"d\":\"a.test\",\"policies\":[{}");
	for (i = 0; i < LIMIT_TLSRPT_EVENT_POLICIES; i++)
		buf_string(&datagram, ",{}");
	buf_string(&datagram, "]}");
	assert_refused(*state, buf_view(&datagram), "more than 20 policies");
}

static void
a_long_value_is_cut(void **state)
{
	char *datagram =
	    arena_printf(*state,
			 "{\"d\":\"a.test\",\"pr\":\"%0100000d\",\"policies\":"
			 "[{\"policy-type\":9}]}",
			 1);
	struct tlsrpt_event event = parsed(*state, datagram);

	assert_int_equal(event.record.len, LIMIT_REPORT_VALUE_BYTES + 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(a_failure_under_sts),
	    arena_unit_test(types_and_versions),
	    arena_unit_test(every_code_has_its_word),
	    arena_unit_test(the_final_result),
	    arena_unit_test(foreign_bytes),
	    arena_unit_test(what_is_no_datagram),
	    arena_unit_test(many_of_everything),
	    arena_unit_test(a_long_value_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
