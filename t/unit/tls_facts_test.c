#include "unit.h"

#include "mailtls/tls_facts.h"

static void
cleared_memory_knows_nothing(void **state)
{
	struct destination destination = {0};
	struct sts_state sts = {0};
	struct tls_facts facts = {0};

	assert_false(tls_facts_is_enforced(&facts));
	assert_null(tls_facts_unknown_host(&facts));
	facts.sts = &sts;
	facts.destination = &destination;
	assert_false(tls_facts_is_enforced(&facts));
	assert_null(tls_facts_unknown_host(&facts));
}

static void
what_is_known(void **state)
{
	struct destination_host hosts[] = {{.state = HOST_USABLE},
					   {.state = HOST_UNKNOWN}};
	struct destination destination = {.hosts = hosts, .count = 2};
	struct sts_state sts = {.result = STS_PRESENT,
				.policy.mode = STS_MODE_TESTING};
	struct tls_facts facts = {.destination = &destination, .sts = &sts};

	assert_ptr_equal(tls_facts_unknown_host(&facts), &hosts[1]);
	assert_false(tls_facts_is_enforced(&facts));
	sts.policy.mode = STS_MODE_ENFORCE;
	assert_true(tls_facts_is_enforced(&facts));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cleared_memory_knows_nothing),
	    cmocka_unit_test(what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
