#include "unit.h"

#include <string.h>

#include "base/arena.h"
#include "postfix-policy/quota.h"
#include "postfix-policy/quota_call.h"

static bool
read_request(struct arena *arena, const char *lines, struct quota_case *of)
{
	struct delegate_request request;

	assert_true(delegate_parse(arena, text_from(lines), &request));
	return quota_read(arena, &request, "mx.test", of);
}

static void
test_recipient(void **state)
{
	struct quota_case of;

	assert_true(read_request(*state,
				 "request=smtpd_access_policy\n"
				 "protocol_state=RCPT\n"
				 "recipient=Ann+x@M\xc3\xbcller.TEST\n"
				 "size=1234\ninstance=1.2.3\n\n",
				 &of));
	assert_text(of.recipient, "Ann+x@xn--mller-kva.test");
	assert_text(of.message, "mx.test 1.2.3");
	assert_int_equal(of.size, 1234);
	assert_true(read_request(*state,
				 "request=x\nprotocol_state=RCPT\n"
				 "recipient=ann\nsize=-1\n",
				 &of));
	assert_text(of.recipient, "ann");
	assert_text(of.message, "");
	assert_int_equal(of.size, 0);
	assert_true(read_request(*state,
				 "request=x\nprotocol_state=RCPT\n"
				 "recipient=ann@[192.0.2.1]\n",
				 &of));
	assert_text(of.recipient, "ann@[192.0.2.1]");
}

static void
test_end_of_message(void **state)
{
	struct quota_case of;

	assert_true(read_request(*state,
				 "request=x\nprotocol_state=END-OF-MESSAGE\n"
				 "recipient=ann@a.test\nsize=9\n"
				 "instance=1.2.3\n",
				 &of));
	assert_int_equal(of.recipient.len, 0);
	assert_text(of.message, "mx.test 1.2.3");
	assert_int_equal(of.size, 9);
	assert_false(read_request(*state,
				  "request=x\nprotocol_state=END-OF-MESSAGE\n"
				  "size=9\n",
				  &of));
}

static void
test_nothing_to_ask(void **state)
{
	static const char *const states[] = {"DATA", "MAIL", "CONNECT", "EHLO",
					     "VRFY", "ETRN", ""};
	struct quota_case of;
	char long_name[2000] = "";
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(*states); i++)
		assert_false(read_request(
		    *state,
		    arena_printf(*state,
				 "request=x\nprotocol_state=%s\n"
				 "recipient=a@a.test\ninstance=1\n",
				 states[i]),
		    &of));
	memset(long_name, 'a', sizeof(long_name) - 1);
	assert_false(read_request(
	    *state,
	    arena_printf(*state,
			 "request=x\nprotocol_state=RCPT\nrecipient=%s\n",
			 long_name),
	    &of));
	assert_false(read_request(*state,
				  "request=x\nprotocol_state=RCPT\n"
				  "recipient=a\xff@a.test\n",
				  &of));
	assert_false(
	    read_request(*state, "request=x\nprotocol_state=RCPT\n", &of));
}

static void
test_verdicts(void **state)
{
	enum quota_verdict verdict;

	(void)state;
	assert_true(quota_verdict_parse(TEXT("domain_large"), &verdict));
	assert_int_equal(verdict, QUOTA_DOMAIN_LARGE);
	assert_true(quota_verdict_parse(TEXT("unknown"), &verdict));
	assert_int_equal(verdict, QUOTA_UNKNOWN);
	assert_false(quota_verdict_parse(TEXT("away"), &verdict));
	assert_false(quota_verdict_parse(TEXT(""), &verdict));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(test_recipient),
	    arena_unit_test(test_end_of_message),
	    arena_unit_test(test_nothing_to_ask),
	    cmocka_unit_test(test_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
