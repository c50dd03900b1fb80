#include "unit.h"

#include "mailauth/received.h"

static void
reads(const char *value, const char *helo, const char *address)
{
	char text[IPADDR_STRING_BYTES];
	struct received_from from;

	assert_true(received_parse(text_from(value), &from));
	assert_text(from.helo, helo);
	assert_string_equal(ipaddr_write(&from.address, text), address);
}

static void
as_mail_servers_write_it(void **state)
{
	reads(" from mx.example (unknown [192.0.2.1])\r\n\tby relay (Postfix)",
	      "mx.example", "192.0.2.1");
	reads(" from a.example (b.example [IPv6:2001:db8::1]) by c; date",
	      "a.example", "2001:db8::1");
	reads(" from [192.0.2.9] (helo=x.example [192.0.2.7]) by c",
	      "[192.0.2.9]", "192.0.2.7");
}

static void
last_address_in_the_comment_counts(void **state)
{
	/* the client's name is its own choice */
	reads(" from x (HELO y [203.0.113.1] (evil) [192.0.2.1]) by c", "x",
	      "192.0.2.1");
}

static void
without_address_there_is_none(void **state)
{
	static const char *const values[] = {
	    "", " by relay.example; date", " from local (by user)",
	    " from x ([999.1.1.1]) by y", " fromx (a [192.0.2.1])",
	    " from x [192.0.2.1] by y", " from x (unclosed [192.0.2.1"};
	struct received_from from;
	size_t i;

	for (i = 0; i + 1 < sizeof(values) / sizeof(*values); i++)
		assert_false(received_parse(text_from(values[i]), &from));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(as_mail_servers_write_it),
	    arena_unit_test(last_address_in_the_comment_counts),
	    arena_unit_test(without_address_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
