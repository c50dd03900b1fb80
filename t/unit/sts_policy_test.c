#include "unit.h"

#include "base/buf.h"
#include "base/why.h"
#include "mailtls/sts_policy.h"

static struct domain
domain(struct arena *arena, const char *name)
{
	struct domain domain;

	assert_true(domain_parse(arena, text_from(name), &domain, NULL));
	return domain;
}

static void
policy_of_the_rfc(void **state)
{
	struct sts_policy policy;

	assert_true(sts_policy_parse(*state,
				     TEXT("version: STSv1\r\n"
					  "mode: enforce\r\n"
					  "mx: mail.example.com\r\n"
					  "mx: *.example.net\r\n"
					  "mx: backupmx.example.com\r\n"
					  "max_age: 604800\r\n"),
				     &policy, NULL));
	assert_int_equal(policy.mode, STS_MODE_ENFORCE);
	assert_int_equal(policy.max_age_s, 604800);
	assert_int_equal(policy.count, 3);
	assert_text(policy.mx[1].domain.name, "example.net");
	assert_true(policy.mx[1].wildcard);
	assert_false(policy.mx[2].wildcard);
}

static void
a_wildcard_is_one_label(void **state)
{
	struct sts_policy policy;

	assert_true(sts_policy_parse(
	    *state,
	    TEXT("version:STSv1\nmode:testing\nmx:*.Example.net\n"
		 "mx:mx.example.com\nmax_age:1"),
	    &policy, NULL));
	assert_true(sts_policy_match(&policy, domain(*state, "a.example.NET")));
	assert_false(
	    sts_policy_match(&policy, domain(*state, "a.b.example.net")));
	assert_false(sts_policy_match(&policy, domain(*state, "example.net")));
	assert_true(
	    sts_policy_match(&policy, domain(*state, "mx.example.com")));
	assert_false(
	    sts_policy_match(&policy, domain(*state, "a.mx.example.com")));
}

static void
the_first_of_two_counts(void **state)
{
	struct sts_policy policy;

	assert_true(sts_policy_parse(
	    *state,
	    TEXT("version: STSv1\nversion: STSv2\nmode: none\n"
		 "mode: enforce\nmax_age: 86400  \nmax_age: 1\n"
		 "future_word: what it wants, \xc3\xa9\n"),
	    &policy, NULL));
	assert_int_equal(policy.mode, STS_MODE_NONE);
	assert_int_equal(policy.max_age_s, 86400);
	assert_int_equal(policy.count, 0);
}

static void
a_long_age_is_a_year(void **state)
{
	struct sts_policy policy;

	assert_true(sts_policy_parse(
	    *state, TEXT("version: STSv1\nmode: none\nmax_age: 9999999999\n"),
	    &policy, NULL));
	assert_int_equal(policy.max_age_s, STS_AGE_MOST_S);
}

static void
broken_policies(void **state)
{
	static const char *const broken[][2] = {
	    {"", "there is no version"},
	    {"version: STSv2\n", "version is not STSv1"},
	    {"mode: none\nmax_age: 1\n", "there is no version"},
	    {"version: STSv1\nmax_age: 1\n", "there is no mode"},
	    {"version: STSv1\nmode: none\n", "there is no max_age"},
	    {"version: STSv1\nmode: enforce\nmax_age: 1\n", "there is no mx"},
	    {"version: STSv1\nmode: Enforce\n",
	     "mode is not enforce, testing or none"},
	    {"version: STSv1\nmax_age: soon\n",
	     "max_age is no number of seconds"},
	    {"version: STSv1\nmax_age: 12345678901\n",
	     "max_age is no number of seconds"},
	    {"version: STSv1\n\nmode: none\n", "a line is not NAME: VALUE"},
	    {"<html>\n", "a line is not NAME: VALUE"},
	    {"version: STSv1\nmx: *.*.example\n", NULL},
	    {"version: STSv1\nmx: a..b\n", NULL},
	    {"version: STSv1\nx: \xff\n", "the file is no text"},
	};
	struct sts_policy policy;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		assert_false(sts_policy_parse(*state, text_from(broken[i][0]),
					      &policy, &why));
		if (broken[i][1] != NULL)
			assert_string_equal(why.text, broken[i][1]);
	}
}

static void
too_much(void **state)
{
	struct sts_policy policy;
	struct buf to;
	int i;

	buf_init(&to, *state, 2 * LIMIT_STS_POLICY_BYTES);
	buf_string(&to, "version: STSv1\nmode: testing\nmax_age: 1\n");
	for (i = 0; i < LIMIT_STS_MX; i++)
		buf_printf(&to, "mx: mx%d.example\n", i);
	assert_true(sts_policy_parse(*state, buf_view(&to), &policy, NULL));
	buf_string(&to, "mx: one-more.example\n");
	assert_false(sts_policy_parse(*state, buf_view(&to), &policy, NULL));
	while (to.len <= LIMIT_STS_POLICY_BYTES)
		buf_string(&to, "x: y\n");
	assert_false(sts_policy_parse(*state, buf_view(&to), &policy, NULL));
}

static void
written_and_read_back(void **state)
{
	struct sts_mx mx[] = {
	    {domain(*state, "mx.example"), false},
	    {domain(*state, "b\xc3\xbc\x63her.example"), true}};
	struct sts_policy policy = {.mx = mx}, again;
	struct buf to;
	int mode;
	size_t i;

	for (mode = STS_MODE_NONE; mode <= STS_MODE_ENFORCE; mode++) {
		policy.mode = (enum sts_mode)mode;
		policy.max_age_s = mode == 1 ? 0 : STS_AGE_MOST_S;
		policy.count = mode == 1 ? 0 : 2;
		buf_init(&to, *state, 1000);
		sts_policy_write(&to, &policy);
		assert_true(
		    sts_policy_parse(*state, buf_view(&to), &again, NULL));
		assert_int_equal(again.mode, policy.mode);
		assert_int_equal(again.max_age_s, policy.max_age_s);
		assert_int_equal(again.count, policy.count);
		for (i = 0; i < again.count; i++) {
			assert_true(
			    domain_equal(again.mx[i].domain, mx[i].domain));
			assert_int_equal(again.mx[i].wildcard, mx[i].wildcard);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(policy_of_the_rfc),
	    arena_unit_test(a_wildcard_is_one_label),
	    arena_unit_test(the_first_of_two_counts),
	    arena_unit_test(a_long_age_is_a_year),
	    arena_unit_test(broken_policies),
	    arena_unit_test(too_much),
	    arena_unit_test(written_and_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
