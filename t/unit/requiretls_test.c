#include "unit.h"

#include "mailtls/requiretls.h"

static void
mail_parameter_in_any_case(void **state)
{
	struct requiretls r = {0};

	requiretls_mail_argument(&r, TEXT("SIZE=100"));
	assert_false(r.mail_parameter);
	requiretls_mail_argument(&r, TEXT("RequireTLS"));
	assert_true(r.mail_parameter);
}

static void
header_alone_is_forged(void **state)
{
	struct requiretls r = {0};

	requiretls_field(&r, TEXT("require-tls-esmtp"), TEXT(" yes"));
	assert_true(r.header);
	assert_true(requiretls_is_forged(&r, true));
	requiretls_mail_argument(&r, TEXT("REQUIRETLS"));
	assert_false(requiretls_is_forged(&r, true));
	assert_true(requiretls_is_forged(&r, false));
}

static void
tls_required_only_no_and_only_once(void **state)
{
	struct requiretls r = {0};

	requiretls_field(&r, TEXT("TLS-Required"), TEXT(" No\r\n "));
	assert_true(r.tls_required_no);
	requiretls_field(&r, TEXT("TLS-Required"), TEXT(" No"));
	assert_false(r.tls_required_no);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(mail_parameter_in_any_case),
	    arena_unit_test(header_alone_is_forged),
	    arena_unit_test(tls_required_only_no_and_only_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
