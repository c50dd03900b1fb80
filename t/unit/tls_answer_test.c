#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailtls/tls_answer.h"
#include "mailtls/tls_facts.h"
#include "mailtls/tls_policy.h"
#include "mailtls/tls_problem.h"

static const struct domain site = {TEXT_INIT("site.test")};

static struct text
write(struct arena *arena, const struct tls_facts *facts,
      const struct tls_policy *policy, const char *reply)
{
	struct buf *to = arena_new_value(arena, struct buf);

	buf_init(to, arena, LIMIT_TLS_ANSWER_BYTES);
	tls_answer_write(arena, facts, policy, 4711, 1795351540123456,
			 TEXT("Site.Test:25"), "policy", text_from(reply), to);
	assert_true(buf_ok(to));
	return buf_view(to);
}

static void
an_enforced_policy_comes_back(void **state)
{
	static const struct sts_mx mx[] = {{{TEXT_INIT("mx.site.test")}, false},
					   {{TEXT_INIT("out.test")}, true}};
	struct sts_state sts = {
	    .result = STS_PRESENT,
	    .policy = {STS_MODE_ENFORCE, 86400, mx, 2},
	    .file = TEXT_INIT("version: STSv1\r\nmode: enforce\r\n"
			      "mx: mx.site.test\r\nmx: *.out.test\r\n")};
	struct tls_facts facts = {.sts = &sts};
	struct tls_problem problem = {.type = "dnssec-invalid",
				      .mx = TEXT("mx.site.test"),
				      .reason = "bogus"};
	struct tls_policy policy = {.verdict = TLS_VERDICT_LEVEL,
				    .level = TLS_LEVEL_SECURE,
				    .domain = site,
				    .problems = &problem};
	struct tls_answer answer;
	struct why why;

	assert_true(tls_answer_matters(&policy, &facts));
	assert_true(tls_answer_parse(
	    *state, write(*state, &facts, &policy, "OK secure match=x"),
	    &answer, &why));
	assert_int_equal(answer.pid, 4711);
	assert_int_equal(answer.at_us, 1795351540123456);
	assert_text(answer.key, "Site.Test:25");
	assert_text(answer.map, "policy");
	assert_text(answer.domain.name, "site.test");
	assert_text(answer.level, "secure");
	assert_int_equal(answer.mode, TLS_ANSWER_ENFORCE);
	assert_text(answer.policy->type, "sts");
	assert_text(answer.policy->domain, "site.test");
	assert_text(answer.policy->strings->text, "version: STSv1");
	assert_text(answer.policy->strings->next->next->next->text,
		    "mx: *.out.test");
	assert_text(answer.policy->mx_hosts->text, "mx.site.test");
	assert_text(answer.policy->mx_hosts->next->text, "*.out.test");
	assert_null(answer.hosts);
	assert_text(answer.problems->result_type, "dnssec-invalid");
	assert_text(answer.problems->receiving_mx, "mx.site.test");
	assert_text(answer.problems->reason_code, "bogus");
}

static void
records_of_hosts_come_back(void **state)
{
	struct tlsa tlsa = {3, 1, 1, TEXT("\x01\x02\xab")};
	struct destination_host hosts[2] = {
	    {.name = {TEXT("mx.site.test")},
	     .state = HOST_USABLE,
	     .tlsa_base = {TEXT("real.site.test")},
	     .tlsa = &tlsa,
	     .tlsa_count = 1},
	    {.name = {TEXT("mx2.site.test")}, .state = HOST_NO_DANE}};
	struct destination destination = {.hosts = hosts, .count = 2};
	struct tls_facts facts = {.destination = &destination};
	struct tls_policy policy = {.verdict = TLS_VERDICT_LEVEL,
				    .domain = site};
	struct tls_answer answer;

	assert_true(tls_answer_parse(
	    *state, write(*state, &facts, &policy, "OK dane"), &answer, NULL));
	assert_text(answer.level, "dane");
	assert_text(answer.policy->type, "no-policy-found");
	assert_text(answer.hosts->type, "tlsa");
	assert_text(answer.hosts->domain, "real.site.test");
	assert_text(answer.hosts->mx_hosts->text, "mx.site.test");
	assert_true(text_equal_nocase(answer.hosts->strings->text,
				      TEXT("3 1 1 0102AB")));
	assert_null(answer.hosts->next);
}

static void
what_is_worth_telling(void **state)
{
	struct sts_state sts = {.result = STS_PRESENT,
				.policy = {.mode = STS_MODE_TESTING}};
	struct tls_facts facts = {.sts = &sts}, none = {.sts = NULL};
	struct tls_policy policy = {.verdict = TLS_VERDICT_NONE};
	struct tls_problem problem = {.type = "sts-policy-fetch-error"};

	(void)state;
	assert_true(tls_answer_matters(&policy, &facts));
	assert_false(tls_answer_matters(&policy, &none));
	policy.problems = &problem;
	assert_true(tls_answer_matters(&policy, &none));
	policy.problems = NULL;
	policy.verdict = TLS_VERDICT_TEMP;
	assert_true(tls_answer_matters(&policy, &none));
	policy.verdict = TLS_VERDICT_NONE;
	sts.policy.mode = STS_MODE_NONE;
	assert_false(tls_answer_matters(&policy, &facts));
}

static void
what_is_no_answer(void **state)
{
	static const char *const broken[] = {
	    "",		  "{}",
	    "[]",	  "{\"at\":\"today\"}",
	    "{\"at\":1}", "{\"at\":\"2026-11-22\"}"};
	struct tls_answer answer;
	struct why why;

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_false(tls_answer_parse(*state, text_from(broken[i]),
					      &answer, &why));
	assert_true(tls_answer_parse(
	    *state,
	    TEXT("{\"at\":\"2026-11-22T12:45:40Z\",\"pid\":-1,\"domain\":"
		 "\"..\",\"policy\":[],\"hosts\":{},\"problems\":[1,{}]}"),
	    &answer, &why));
	assert_int_equal(answer.pid, 0);
	assert_int_equal(answer.domain.name.len, 0);
	assert_null(answer.problems);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_enforced_policy_comes_back),
	    cmocka_unit_test(records_of_hosts_come_back),
	    cmocka_unit_test(what_is_worth_telling),
	    cmocka_unit_test(what_is_no_answer),
	};

	return cmocka_run_group_tests(tests, unit_arena_new, unit_arena_free);
}
