#include "unit.h"

#include "base/limits.h"
#include "mailtls/tls_policy.h"
#include "mailtls/tls_problem.h"

/* The table has case files: t/cases/tls.  Here: what no question can lead
 * to, and the times. */

static struct tls_facts
facts_of(struct arena *arena, const char *key)
{
	struct tls_facts facts = {0};

	nexthop_parse(arena, text_from(key), &facts.nexthop, NULL);
	return facts;
}

static struct tls_policy
choose(struct arena *arena, const struct tls_facts *facts)
{
	struct tls_policy policy;

	tls_policy_choose(arena, facts, NULL, &policy);
	assert_non_null(policy.why);
	return policy;
}

static void
cleared_memory_is_no_answer(void **state)
{
	struct destination destination = {0};
	struct tls_override override = {0};
	struct sts_state sts = {0};
	struct tls_facts facts = {0};

	assert_int_equal(choose(*state, &facts).verdict, TLS_VERDICT_TEMP);
	facts = facts_of(*state, "d.test");
	assert_int_equal(choose(*state, &facts).ground, TLS_GROUND_DNS);
	facts.destination = &destination;
	facts.sts = &sts;
	assert_int_equal(choose(*state, &facts).verdict, TLS_VERDICT_TEMP);
	destination.state = DESTINATION_HOSTS;
	destination.dane = DANE_NONE;
	assert_int_equal(choose(*state, &facts).ground, TLS_GROUND_STS_UNKNOWN);
	facts.sts = NULL;
	assert_int_equal(choose(*state, &facts).ground, TLS_GROUND_STS_UNKNOWN);
	facts.override = &override;
	assert_int_equal(choose(*state, &facts).verdict, TLS_VERDICT_TEMP);
}

static void
least_time_counts(void **state)
{
	struct destination destination = {
	    .state = DESTINATION_HOSTS, .dane = DANE_NONE, .ttl_s = 300};
	struct sts_state sts = {.result = STS_ABSENT, .ttl_s = 200};
	struct tls_facts facts = facts_of(*state, "d.test");

	facts.destination = &destination;
	facts.sts = &sts;
	assert_int_equal(choose(*state, &facts).ttl_s, 200);
	destination.ttl_s = 100;
	assert_int_equal(choose(*state, &facts).ttl_s, 100);
	sts.result = STS_TEMPERROR;
	assert_int_equal(choose(*state, &facts).ttl_s, 0);
	facts = facts_of(*state, "[mx.test]");
	assert_int_equal(choose(*state, &facts).ttl_s, UINT32_MAX);
}

static void
who_needs_the_dns(void **state)
{
	struct tls_override override = {.level = TLS_LEVEL_MAY};
	struct tls_facts facts = facts_of(*state, "d.test:25");

	assert_true(tls_policy_needs(&facts.nexthop, NULL));
	assert_false(tls_policy_needs(&facts.nexthop, &override));
	override.is_published = true;
	assert_true(tls_policy_needs(&facts.nexthop, &override));
	facts = facts_of(*state, ".d.test");
	assert_false(tls_policy_needs(&facts.nexthop, NULL));
	facts = facts_of(*state, "[d.test]");
	assert_false(tls_policy_needs(&facts.nexthop, NULL));
}

static void
problems_in_order(void **state)
{
	struct destination_host hosts[] = {
	    {.name = {TEXT_INIT("a.test")}, .state = HOST_UNUSABLE},
	    {.name = {TEXT_INIT("b.test")},
	     .state = HOST_UNKNOWN,
	     .failed_type = DNS_TLSA,
	     .failed_status = DNS_BOGUS},
	    {.name = {TEXT_INIT("c.test")}, .state = HOST_NO_DANE}};
	struct destination destination = {.state = DESTINATION_HOSTS,
					  .dane = DANE_SOME,
					  .hosts = hosts,
					  .count = 3};
	struct sts_state sts = {.result = STS_ABSENT,
				.failure = STS_FAILURE_FETCH,
				.back_off = true};
	struct tls_facts facts = facts_of(*state, "d.test");
	struct tls_problem *problem;

	facts.destination = &destination;
	facts.sts = &sts;
	problem = tls_problem_list(*state, &facts);
	assert_string_equal(problem->type, "sts-policy-fetch-error");
	assert_string_equal(problem->reason,
			    "back-off-after-recent-fetch-error");
	problem = problem->next;
	assert_string_equal(problem->type, "tlsa-invalid");
	assert_text(problem->mx, "a.test");
	problem = problem->next;
	assert_string_equal(problem->type, "dnssec-invalid");
	assert_text(problem->mx, "b.test");
	assert_null(problem->next);
	facts.destination = NULL;
	facts.sts = NULL;
	assert_null(tls_problem_list(*state, &facts));
}

static void
words(void **state)
{
	assert_string_equal(tls_verdict_name(TLS_VERDICT_UNSET),
			    "not evaluated");
	assert_string_equal(tls_verdict_name(TLS_VERDICT_LEVEL), "level");
	assert_string_equal(tls_ground_name(TLS_GROUND_UNSET), "not evaluated");
	assert_string_equal(tls_ground_name(TLS_GROUND_STS_MX), "sts-mx");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(cleared_memory_is_no_answer),
	    arena_unit_test(least_time_counts),
	    arena_unit_test(who_needs_the_dns),
	    arena_unit_test(problems_in_order),
	    arena_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
