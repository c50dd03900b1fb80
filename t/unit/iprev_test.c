#include "unit.h"

#include "base/dns_zone.h"
#include "base/limits.h"
#include "mailauth/iprev.h"
#include "mailauth/ptr_names.h"

/* The rules of RFC 8601 are in t/cases/iprev; here is what they cannot say. */

static const struct deadline any_time = {INT64_MAX};

static struct dns_zone *
zone_of(struct arena *arena, const char *text)
{
	struct dns_zone *zone = dns_zone_parse(arena, text_from(text), NULL);

	assert_non_null(zone);
	return zone;
}

static void
client_without_address(void **state)
{
	struct dns_zone *zone = zone_of(*state, "");
	struct iprev_verdict verdict;
	struct ipaddr client = {0};

	iprev_finish(iprev_begin(*state, dns_zone_resolver(zone), &client),
		     any_time, &verdict);
	assert_int_equal(verdict.result, IPREV_NOT_EVALUATED);
	assert_non_null(verdict.reason);
	assert_int_equal(dns_zone_questions(zone), 0);
}

static void
questions_are_bounded(void **state)
{
	struct iprev_verdict verdict;
	struct dns_zone *zone;
	struct ipaddr client;
	char *text = arena_printf(*state, "%s", "");
	int i;

	for (i = 0; i < 100; i++)
		text = arena_printf(
		    *state, "%s1.2.0.192.in-addr.arpa PTR n%d.test\n", text, i);
	zone = zone_of(*state, text);
	assert_true(ipaddr_parse(TEXT("192.0.2.1"), &client));
	iprev_finish(iprev_begin(*state, dns_zone_resolver(zone), &client),
		     any_time, &verdict);
	assert_int_equal(verdict.result, IPREV_FAIL);
	assert_int_equal(dns_zone_questions(zone), 1 + LIMIT_PTR_NAMES);
}

/* A resolver that never answers. */
static void
silent_ask(struct resolver *resolver, struct dns_question *question)
{
}

static void
silent_wait(struct resolver *resolver, struct dns_question *question,
	    struct deadline deadline)
{
}

static void
silence_is_temperror(void **state)
{
	struct resolver silent = {silent_ask, silent_wait};
	struct iprev_verdict verdict;
	struct ipaddr client;

	assert_true(ipaddr_parse(TEXT("192.0.2.1"), &client));
	iprev_finish(iprev_begin(*state, &silent, &client), any_time, &verdict);
	assert_int_equal(verdict.result, IPREV_TEMPERROR);
	assert_text(verdict.name, "");
}

static void
names_of_results(void **state)
{
	assert_string_equal(iprev_result_name(IPREV_PASS), "pass");
	assert_string_equal(iprev_result_name(IPREV_FAIL), "fail");
	assert_string_equal(iprev_result_name(IPREV_TEMPERROR), "temperror");
	assert_string_equal(iprev_result_name(IPREV_PERMERROR), "permerror");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(client_without_address),
	    arena_unit_test(questions_are_bounded),
	    arena_unit_test(silence_is_temperror),
	    arena_unit_test(names_of_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
