#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "postfix-policy/delegate.h"

static void
test_attributes(void **state)
{
	struct delegate_request request;

	assert_true(delegate_parse(*state,
				   TEXT("request=smtpd_access_policy\n"
					"sender=a=b@c.test\nempty=\n"
					"sender=second\n\nrequest=other\n"),
				   &request));
	assert_int_equal(request.count, 4);
	assert_text(delegate_value(&request, "request"), "smtpd_access_policy");
	assert_text(delegate_value(&request, "sender"), "a=b@c.test");
	assert_int_equal(delegate_value(&request, "empty").len, 0);
	assert_int_equal(delegate_value(&request, "missing").len, 0);
}

static void
test_refused(void **state)
{
	static const char *const broken[] = {"",
					     "\n",
					     "request\n\n",
					     "=x\nrequest=a\n",
					     "sender=x\n\n",
					     "request=\n",
					     "request=a\nno sign\n"};
	struct delegate_request request;
	struct buf many;
	size_t i;

	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_false(
		    delegate_parse(*state, text_from(broken[i]), &request));
	buf_init(&many, *state, 100000);
	buf_string(&many, "request=a\n");
	for (i = 1; i < LIMIT_DELEGATE_ATTRIBUTES; i++)
		buf_string(&many, "a=b\n");
	assert_true(delegate_parse(*state, buf_view(&many), &request));
	buf_string(&many, "a=b\n");
	assert_false(delegate_parse(*state, buf_view(&many), &request));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(test_attributes),
	    arena_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
