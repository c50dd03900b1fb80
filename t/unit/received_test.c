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
	reads(" from b.example ([192.0.2.9] (may be forged)) by c",
	      "b.example", "192.0.2.9");
	reads(" from [192.0.2.9] (helo=x.example) by c", "x.example",
	      "192.0.2.9");
	reads(" from b.example ([192.0.2.9]:25 helo=x.example ident=y) by c",
	      "x.example", "192.0.2.9");
}

static void
last_address_in_the_comment_counts(void **state)
{
	/* what stands before it is the client's own choice */
	reads(" from x (y [203.0.113.1] (evil) [192.0.2.1]) by c", "x",
	      "192.0.2.1");
	reads(" from [203.0.113.1] (b.example [192.0.2.1]) by c",
	      "[203.0.113.1]", "192.0.2.1");
	reads(" from x (IDENT:[203.0.113.1]@b.example [192.0.2.1]) by c", "x",
	      "192.0.2.1");
}

/* Exim lets a client call itself by an address. */
static void
a_name_that_looks_like_an_address_is_a_name(void **state)
{
	reads(" from b.example ([192.0.2.1] helo=[203.0.113.1]) by c",
	      "[203.0.113.1]", "192.0.2.1");
	reads(" from [192.0.2.1] (helo=[203.0.113.1]) by c", "[203.0.113.1]",
	      "192.0.2.1");
	reads(" from [192.0.2.1] (helo=x ident=[203.0.113.1]) by c", "x",
	      "192.0.2.1");
	/* an owner of reverse DNS, behind a server that shows any name */
	reads(" from [203.0.113.1] (helo=y [192.0.2.1]) by c", "y",
	      "192.0.2.1");
	reads(" from x ([203.0.113.1].example [192.0.2.1]) by c", "x",
	      "192.0.2.1");
}

static void
without_address_there_is_none(void **state)
{
	static const char *const values[] = {
	    "", " by relay.example; date", " from local (by user)",
	    " from x ([999.1.1.1]) by y", " fromx (a [192.0.2.1])",
	    " from x [192.0.2.1] by y", " from x (helo=[192.0.2.1]) by y",
	    " from x (HELO [192.0.2.1]) (203.0.113.1) by y",
	    " from x (unclosed [192.0.2.1"};
	struct received_from from;
	size_t i;

	assert_false(received_parse(TEXT(" by relay; date"), &from));
	assert_int_equal(from.helo.len, 0);
	assert_false(received_parse(TEXT(" from x (192.0.2.1)"), &from));
	assert_text(from.helo, "x");
	for (i = 0; i + 1 < sizeof(values) / sizeof(*values); i++)
		assert_false(received_parse(text_from(values[i]), &from));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(as_mail_servers_write_it),
	    arena_unit_test(last_address_in_the_comment_counts),
	    arena_unit_test(a_name_that_looks_like_an_address_is_a_name),
	    arena_unit_test(without_address_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
