#include "unit.h"

#include "base/dns_zone.h"
#include "base/why.h"
#include "judge/dnsbl.h"

static const struct deadline soon = {0};

static const char zone[] = "9.2.0.192.bl.one.test. A 127.0.0.2\n"
			   "9.2.0.192.bl.two.test. A 127.0.0.10\n"
			   "8.2.0.192.bl.two.test. A 127.0.0.1\n"
			   "7.2.0.192.bl.two.test. A 127.255.255.254\n"
			   "6.2.0.192.bl.one.test. A !SERVFAIL\n"
			   "6.2.0.192.bl.two.test. A 127.0.0.4\n"
			   "5.2.0.192.bl.one.test. A !BOGUS\n"
			   "4.2.0.192.bl.one.test. A 192.0.2.1\n"
			   "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
			   "8.b.d.0.1.0.0.2.bl.one.test. A 127.0.0.3\n";

static const struct domain lists[] = {{TEXT_INIT("bl.one.test")},
				      {TEXT_INIT("bl.two.test")}};

static struct dnsbl_verdict
ask(struct arena *arena, const char *client)
{
	struct dnsbl_verdict verdict;
	struct dns_zone *dns;
	struct ipaddr address;
	struct why why;

	dns = dns_zone_parse(arena, text_from(zone), &why);
	if (dns == NULL)
		fail_msg("%s", why.text);
	assert_true(ipaddr_parse(text_from(client), &address));
	dnsbl_finish(dnsbl_begin(arena, dns_zone_resolver(dns), &address,
				 lists, 2),
		     soon, &verdict);
	return verdict;
}

static void
first_list_that_names_the_client(void **state)
{
	char code[IPADDR_STRING_BYTES];
	struct dnsbl_verdict verdict = ask(*state, "192.0.2.9");

	assert_int_equal(verdict.result, DNSBL_LISTED);
	assert_text(verdict.zone.name, "bl.one.test");
	assert_string_equal(ipaddr_write(&verdict.code, code), "127.0.0.2");
	verdict = ask(*state, "2001:db8::1");
	assert_int_equal(verdict.result, DNSBL_LISTED);
}

static void
absence_is_clear(void **state)
{
	assert_int_equal(ask(*state, "192.0.2.99").result, DNSBL_CLEAR);
}

static void
words_of_trouble_are_no_listing(void **state)
{
	static const char *const clients[] = {"192.0.2.8", "192.0.2.7",
					      "192.0.2.5", "192.0.2.4"};
	size_t i;

	for (i = 0; i < sizeof(clients) / sizeof(*clients); i++)
		assert_int_equal(ask(*state, clients[i]).result,
				 DNSBL_TEMPERROR);
}

static void
one_list_away_another_answers(void **state)
{
	struct dnsbl_verdict verdict = ask(*state, "192.0.2.6");

	assert_int_equal(verdict.result, DNSBL_LISTED);
	assert_text(verdict.zone.name, "bl.two.test");
}

static void
nothing_to_ask(void **state)
{
	struct ipaddr nobody = {0}, client;
	struct dnsbl_verdict verdict;

	assert_true(ipaddr_parse(TEXT("192.0.2.9"), &client));
	assert_null(dnsbl_begin(*state, NULL, &nobody, lists, 2));
	assert_null(dnsbl_begin(*state, NULL, &client, lists, 0));
	dnsbl_finish(NULL, soon, &verdict);
	assert_int_equal(verdict.result, DNSBL_NOT_EVALUATED);
	assert_string_equal(dnsbl_result_name(DNSBL_LISTED), "listed");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(first_list_that_names_the_client),
	    arena_unit_test(absence_is_clear),
	    arena_unit_test(words_of_trouble_are_no_listing),
	    arena_unit_test(one_list_away_another_answers),
	    arena_unit_test(nothing_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
