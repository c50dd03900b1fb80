#include "unit.h"

#include "base/dns_zone.h"
#include "base/why.h"
#include "tlsrpt-collector/rua.h"

static struct resolver *
resolver_of(void **state, const char *zone)
{
	struct dns_zone *parsed;
	struct why why;

	parsed = dns_zone_parse(*state, text_from(zone), &why);
	if (parsed == NULL)
		fail_msg("%s", why.text);
	return dns_zone_resolver(parsed);
}

static struct domain
domain_of(void **state, const char *name)
{
	struct domain domain;

	assert_true(domain_parse(*state, text_from(name), &domain, NULL));
	return domain;
}

static struct rua
ask(void **state, const char *zone, const char *name)
{
	struct rua rua;

	rua_wait(
	    *state,
	    rua_ask(*state, resolver_of(state, zone), domain_of(state, name)),
	    (struct deadline){0}, &rua);
	return rua;
}

static void
records(void **state)
{
	const struct {
		const char *zone;
		enum destinations_found found;
		const char *reason;
	} cases[] = {
	    {"_smtp._tls.a.example TXT \"v=TLSRPTv1; rua=mailto:x@a.example\"\n"
	     "_smtp._tls.a.example TXT \"something else\"\n",
	     DESTINATIONS_FOUND, NULL},
	    {"", DESTINATIONS_NOBODY, "no TLSRPT record"},
	    {"_smtp._tls.a.example TXT \"v=spf1 -all\"\n", DESTINATIONS_NOBODY,
	     "no TLSRPT record"},
	    {"_smtp._tls.a.example A 192.0.2.1\n", DESTINATIONS_NOBODY,
	     "no TLSRPT record"},
	    {"_smtp._tls.a.example TXT \"v=TLSRPTv1; rua=mailto:x@a.example\"\n"
	     "_smtp._tls.a.example TXT \"v=TLSRPTv1; "
	     "rua=mailto:y@a.example\"\n",
	     DESTINATIONS_NOBODY, "several"},
	    {"_smtp._tls.a.example TXT \"v=TLSRPTv1; rua\"\n",
	     DESTINATIONS_NOBODY, "is broken"},
	    {"_smtp._tls.a.example TXT !SERVFAIL\n", DESTINATIONS_TEMPERROR,
	     "DNS did not tell"},
	    {"_smtp._tls.a.example TXT !BOGUS\n", DESTINATIONS_TEMPERROR,
	     "DNS did not tell"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rua rua = ask(state, cases[i].zone, "a.example");

		assert_int_equal(rua.found, cases[i].found);
		if (cases[i].reason == NULL)
			assert_null(rua.reason);
		else if (strstr(rua.reason, cases[i].reason) == NULL)
			fail_msg("%s", rua.reason);
	}
}

static void
each_uri_on_its_own(void **state)
{
	static const char zone[] =
	    "_smtp._tls.a.example TXT \"v=TLSRPTv1; rua=mailto:t@a.example,"
	    "https://r.example:8443/v1?x=y,mailto:T@a.example,mailto:nobody,"
	    "mailto:t@a.example;rua=mailto:u@b.example\"\n";
	static const char *const want[] = {
	    "mailto:t@a.example t@a.example waiting -",
	    "https://r.example:8443/v1?x=y  waiting -",
	    "mailto:T@a.example T@a.example skipped its address is named twice",
	    "mailto:nobody  skipped cannot be used: no mail address",
	    "mailto:u@b.example u@b.example waiting -",
	};
	const struct destination *one;
	struct destinations found;
	size_t i = 0;

	rua_destinations(*state, resolver_of(state, zone),
			 domain_of(state, "a.example"), true,
			 (struct deadline){0}, &found);
	assert_int_equal(found.found, DESTINATIONS_FOUND);
	assert_int_equal(found.count, sizeof(want) / sizeof(*want));
	for (one = found.first; one != NULL; one = one->next)
		assert_string_equal(
		    arena_printf(*state, TEXT_FMT " " TEXT_FMT " %s %s",
				 TEXT_ARG(one->uri), TEXT_ARG(one->address),
				 destination_state_name(one->state),
				 one->reason != NULL ? one->reason : "-"),
		    want[i++]);
	rua_destinations(*state, resolver_of(state, zone),
			 domain_of(state, "a.example"), false,
			 (struct deadline){0}, &found);
	assert_int_equal(found.first->next->state, DESTINATION_SKIPPED);
	assert_string_equal(found.first->next->reason,
			    "[tls_report] https is off");
}

static void
same_lists(void **state)
{
	static const char zone[] =
	    "_smtp._tls.a.example TXT \"v=TLSRPTv1; rua=mailto:x@p.example,"
	    "https://p.example/\"\n"
	    "_smtp._tls.b.example TXT \"v=TLSRPTv1;rua=https://p.example/;"
	    "rua=mailto:x@p.example\"\n"
	    "_smtp._tls.c.example TXT \"v=TLSRPTv1; rua=mailto:x@p.example\"\n";
	struct rua a = ask(state, zone, "a.example");
	struct rua b = ask(state, zone, "b.example");
	struct rua c = ask(state, zone, "c.example");

	assert_true(rua_is_same(&a.record, &b.record));
	assert_false(rua_is_same(&a.record, &c.record));
	assert_false(rua_is_same(&c.record, &a.record));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(records),
	    arena_unit_test(each_uri_on_its_own),
	    arena_unit_test(same_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
