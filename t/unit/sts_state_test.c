#include "unit.h"

#include "mailtls/sts_state.h"

/* RFC 8460 section 4.3 has three words for failures of the policy. */
static void
reported(void **state)
{
	(void)state;
	assert_string_equal(sts_failure_type(STS_FAILURE_FETCH),
			    "sts-policy-fetch-error");
	assert_string_equal(sts_failure_type(STS_FAILURE_WEBPKI),
			    "sts-webpki-invalid");
	assert_string_equal(sts_failure_type(STS_FAILURE_INVALID),
			    "sts-policy-invalid");
	assert_null(sts_failure_type(STS_FAILURE_NONE));
	assert_null(sts_failure_type(STS_FAILURE_DNS));
	assert_null(sts_failure_type(STS_FAILURE_RECORD));
	assert_null(sts_failure_type(STS_FAILURE_GONE));
}

static void
names(void **state)
{
	(void)state;
	assert_string_equal(sts_failure_name(STS_FAILURE_NONE), "none");
	assert_string_equal(sts_failure_name(STS_FAILURE_INVALID), "invalid");
	assert_string_equal(sts_result_name(STS_NOT_EVALUATED),
			    "not evaluated");
	assert_string_equal(sts_result_name(STS_TEMPERROR), "temperror");
}

/* Cleared memory enforces nothing, and neither does an answer that is none. */
static void
enforced(void **state)
{
	struct sts_state known = {0};

	(void)state;
	assert_false(sts_state_is_enforced(&known));
	known.policy.mode = STS_MODE_ENFORCE;
	assert_false(sts_state_is_enforced(&known));
	known.result = STS_TEMPERROR;
	assert_false(sts_state_is_enforced(&known));
	known.result = STS_PRESENT;
	assert_true(sts_state_is_enforced(&known));
	known.policy.mode = STS_MODE_TESTING;
	assert_false(sts_state_is_enforced(&known));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reported),
	    cmocka_unit_test(names),
	    cmocka_unit_test(enforced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
