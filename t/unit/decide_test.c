#include "unit.h"

#include "milter/decide.h"

/* A failing p=reject message, everything else as plain as it can be. */
static void
failing(struct verdict *verdict, enum dmarc_policy policy)
{
	memset(verdict, 0, sizeof(*verdict));
	ipaddr_parse(TEXT("192.0.2.1"), &verdict->client);
	verdict->author.status = AUTHOR_ONE;
	verdict->author.domain_count = 1;
	verdict->dmarc.result = DMARC_FAIL;
	verdict->dmarc.author.name = TEXT("example.com");
	verdict->dmarc.policy.found = DMARC_LOOKUP_FOUND;
	verdict->dmarc.policy.policy_domain.name = TEXT("example.com");
	verdict->dmarc.published = policy;
	verdict->dmarc.disposition = policy;
	verdict->mail_from.result = SPF_FAIL;
	verdict->mail_from.domain = TEXT("example.com");
}

static struct milter_options
defaults(void)
{
	struct milter_options options = {
	    .dmarc_reject = REMEDY_REJECT,
	    .dmarc_quarantine = REMEDY_TAG,
	    .reject_reasons = 1u << REASON_SPF_FAIL,
	    .from_ambiguous = REMEDY_TAG,
	    .from_missing = REMEDY_TAG,
	};

	return options;
}

static void
reject_with_a_second_reason(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	failing(&verdict, DMARC_POLICY_REJECT);
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_REJECT);
	assert_string_equal(decision.code, "550");
	assert_string_equal(decision.status, "5.7.26");
	assert_true(decision.by_dmarc);
	assert_non_null(strstr(decision.text, "example.com"));
	assert_int_equal(verdict.override_count, 0);
}

static void
reject_alone_counts_as_quarantine(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	failing(&verdict, DMARC_POLICY_REJECT);
	verdict.mail_from.result = SPF_PASS;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_TAG);
	assert_int_equal(verdict.override_count, 1);
	assert_int_equal(verdict.overrides[0].type, OVERRIDE_LOCAL_POLICY);
}

static void
no_second_reason_wanted(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	options.reject_reasons = 0;
	failing(&verdict, DMARC_POLICY_REJECT);
	verdict.mail_from.result = SPF_PASS;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_REJECT);
}

static void
each_reject_reason(void **state)
{
	struct dkim_signature_result broken = {.result = DKIM_FAIL};
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	options.reject_reasons = 1u << REASON_HELO_FAIL;
	failing(&verdict, DMARC_POLICY_REJECT);
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_TAG);
	failing(&verdict, DMARC_POLICY_REJECT);
	verdict.helo.result = SPF_FAIL;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_REJECT);

	options.reject_reasons = 1u << REASON_IPREV_FAIL;
	failing(&verdict, DMARC_POLICY_REJECT);
	verdict.iprev.result = IPREV_FAIL;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_REJECT);

	options.reject_reasons = 1u << REASON_DNSBL;
	failing(&verdict, DMARC_POLICY_REJECT);
	verdict.dnsbl.result = DNSBL_TEMPERROR;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_TAG);
	failing(&verdict, DMARC_POLICY_REJECT);
	verdict.dnsbl.result = DNSBL_LISTED;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_REJECT);

	options.reject_reasons = 1u << REASON_DKIM_FAIL;
	failing(&verdict, DMARC_POLICY_REJECT);
	verdict.dkim = &broken;
	verdict.dkim_count = 1;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_REJECT);
}

static void
trust_overrides(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	failing(&verdict, DMARC_POLICY_REJECT);
	verdict_add_override(&verdict, OVERRIDE_MAILING_LIST, "list.example");
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_ACCEPT);
	assert_string_equal(decision.reason, "override-mailing_list");
	assert_int_equal(verdict.dmarc.result, DMARC_FAIL);
}

static void
test_mode_of_the_record(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	failing(&verdict, DMARC_POLICY_REJECT);
	verdict.dmarc.policy.record.testing = true;
	verdict.dmarc.disposition = DMARC_POLICY_QUARANTINE;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_TAG);
	assert_int_equal(verdict.overrides[0].type,
			 OVERRIDE_POLICY_TEST_MODE);
}

static void
temperror_is_never_a_refusal_for_good(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	failing(&verdict, DMARC_POLICY_UNSET);
	verdict.dmarc.result = DMARC_TEMPERROR;
	verdict.mail_from.result = SPF_TEMPERROR;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_ACCEPT);
	options.dmarc_temperror = TEMP_TEMPFAIL;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_TEMPFAIL);
	assert_string_equal(decision.code, "451");
	options.dmarc_temperror = TEMP_ACCEPT;
	options.spf_temperror = TEMP_TEMPFAIL;
	decide(*state, &options, &verdict, &decision);
	assert_string_equal(decision.status, "4.7.24");
}

static void
spf_remedies_spare_what_dmarc_passes(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	options.spf_fail = REMEDY_REJECT;
	failing(&verdict, DMARC_POLICY_UNSET);
	verdict.dmarc.result = DMARC_NONE;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_REJECT);
	assert_string_equal(decision.status, "5.7.23");
	verdict.dmarc.result = DMARC_PASS;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_ACCEPT);
}

static void
skipped_and_submission_are_let_through(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	failing(&verdict, DMARC_POLICY_REJECT);
	verdict.skipped = SKIP_NETWORK;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_ACCEPT);
	failing(&verdict, DMARC_POLICY_REJECT);
	options.role = ROLE_SUBMISSION;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_ACCEPT);
}

static void
authors(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	failing(&verdict, DMARC_POLICY_UNSET);
	verdict.dmarc.result = DMARC_PERMERROR;
	verdict.author.status = AUTHOR_AMBIGUOUS;
	verdict.author.reason = "two From fields";
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_TAG);
	options.from_ambiguous = REMEDY_REJECT;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_REJECT);
	assert_string_equal(decision.status, "5.7.1");
	verdict.author.status = AUTHOR_SEVERAL_DOMAINS;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_ACCEPT);
	options.from_several = SEVERAL_HOLD;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_QUARANTINE);
}

static void
flood_of_forged_fields(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	failing(&verdict, DMARC_POLICY_UNSET);
	verdict.skipped = SKIP_AUTHENTICATED;
	verdict.forged_flood = true;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_REJECT);
	assert_string_equal(decision.reason, "forged-flood");
	assert_false(decision.by_dmarc);
}

static void
forged_requiretls(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	options.requiretls_forged = REMEDY_REJECT;
	failing(&verdict, DMARC_POLICY_UNSET);
	verdict.dmarc.result = DMARC_NONE;
	verdict.requiretls_forged = true;
	decide(*state, &options, &verdict, &decision);
	assert_string_equal(decision.status, "5.7.10");
	options.role = ROLE_INTERNAL;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_ACCEPT);
}

static void
item_33_bare_newline(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	failing(&verdict, DMARC_POLICY_UNSET);
	verdict.dmarc.result = DMARC_NONE;
	verdict.line_ends.bare_lf = true;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_ACCEPT);
	options.bare_newline = REMEDY_REJECT;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_REJECT);
	assert_string_equal(decision.reason, "bare-newline");
	assert_string_equal(decision.status, "5.5.2");
	verdict.line_ends.bare_lf = false;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_ACCEPT);
}

/* Our own step down is no trust in the sender. */
static void
no_second_reason_does_not_spare_spf(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	options.reject_reasons = 1u << REASON_HELO_FAIL;
	options.spf_fail = REMEDY_REJECT;
	failing(&verdict, DMARC_POLICY_REJECT);
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_REJECT);
	assert_string_equal(decision.status, "5.7.23");
	assert_false(decision.by_dmarc);
}

static void
spf_trouble_does_not_delay_what_passes(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	options.spf_temperror = TEMP_TEMPFAIL;
	failing(&verdict, DMARC_POLICY_REJECT);
	verdict.dmarc.result = DMARC_PASS;
	verdict.mail_from.result = SPF_TEMPERROR;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_ACCEPT);
	failing(&verdict, DMARC_POLICY_REJECT);
	verdict.mail_from.result = SPF_TEMPERROR;
	verdict_add_override(&verdict, OVERRIDE_TRUSTED_FORWARDER, "x");
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_ACCEPT);
}

/* RFC 9990: a reason where the policy applied is not the one asked for. */
static void
what_is_applied_differently_is_told(void **state)
{
	static const struct {
		enum dmarc_policy policy;
		int reject, quarantine, mode;
		const char *comment; /* NULL: nothing to tell */
	} cases[] = {
	    {DMARC_POLICY_REJECT, REMEDY_REJECT, REMEDY_TAG, MODE_ENFORCE,
	     NULL},
	    {DMARC_POLICY_REJECT, REMEDY_HOLD, REMEDY_TAG, MODE_ENFORCE,
	     "dmarc_reject = hold"},
	    {DMARC_POLICY_REJECT, REMEDY_ACCEPT, REMEDY_TAG, MODE_ENFORCE,
	     "dmarc_reject = accept"},
	    {DMARC_POLICY_QUARANTINE, REMEDY_REJECT, REMEDY_TAG, MODE_ENFORCE,
	     NULL},
	    {DMARC_POLICY_QUARANTINE, REMEDY_REJECT, REMEDY_HOLD, MODE_ENFORCE,
	     NULL},
	    {DMARC_POLICY_QUARANTINE, REMEDY_REJECT, REMEDY_REJECT,
	     MODE_ENFORCE, "dmarc_quarantine = reject"},
	    {DMARC_POLICY_NONE, REMEDY_ACCEPT, REMEDY_ACCEPT, MODE_ENFORCE,
	     NULL},
	    {DMARC_POLICY_QUARANTINE, REMEDY_REJECT, REMEDY_TAG, MODE_TEST,
	     "only recorded, not enforced here"},
	};
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		options.dmarc_reject = cases[i].reject;
		options.dmarc_quarantine = cases[i].quarantine;
		options.mode = cases[i].mode;
		failing(&verdict, cases[i].policy);
		decide(*state, &options, &verdict, &decision);
		assert_int_equal(verdict.override_count,
				 cases[i].comment != NULL);
		if (cases[i].comment == NULL)
			continue;
		assert_int_equal(verdict.overrides[0].type,
				 OVERRIDE_LOCAL_POLICY);
		assert_string_equal(verdict.overrides[0].comment,
				    cases[i].comment);
	}
}

static void
a_second_reason_to_hold_leaves_dmarc_its_part(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	options.from_ambiguous = REMEDY_HOLD;
	failing(&verdict, DMARC_POLICY_QUARANTINE);
	verdict.author.status = AUTHOR_AMBIGUOUS;
	verdict.author.reason = "two From fields";
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_QUARANTINE);
	assert_string_equal(decision.reason, "from-ambiguous");
	assert_true(decision.by_dmarc);
	options.from_ambiguous = REMEDY_REJECT;
	failing(&verdict, DMARC_POLICY_QUARANTINE);
	verdict.author.status = AUTHOR_AMBIGUOUS;
	verdict.author.reason = "two From fields";
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_REJECT);
	assert_false(decision.by_dmarc);
}

static void
mail_of_our_other_hosts_is_not_refused(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;

	options.role = ROLE_INTERNAL;
	failing(&verdict, DMARC_POLICY_REJECT);
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(decision.action, ACTION_ACCEPT);
	assert_int_equal(verdict.override_count, 0);
}

static void
a_reply_is_one_short_line(void **state)
{
	struct milter_options options = defaults();
	struct decision decision;
	struct verdict verdict;
	char reason[1000];

	memset(reason, 'x', sizeof(reason));
	memcpy(reason, "\r\n550 \xc3\xa4%s", 10);
	reason[sizeof(reason) - 1] = '\0';
	options.from_ambiguous = REMEDY_REJECT;
	failing(&verdict, DMARC_POLICY_NONE);
	verdict.author.status = AUTHOR_AMBIGUOUS;
	verdict.author.reason = reason;
	decide(*state, &options, &verdict, &decision);
	assert_int_equal(strlen(decision.text), 490);
	assert_string_equal(decision.text + 487, "...");
	assert_non_null(strstr(decision.text, "(??550 ???s"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(reject_with_a_second_reason),
	    arena_unit_test(reject_alone_counts_as_quarantine),
	    arena_unit_test(no_second_reason_wanted),
	    arena_unit_test(each_reject_reason),
	    arena_unit_test(trust_overrides),
	    arena_unit_test(test_mode_of_the_record),
	    arena_unit_test(temperror_is_never_a_refusal_for_good),
	    arena_unit_test(spf_remedies_spare_what_dmarc_passes),
	    arena_unit_test(skipped_and_submission_are_let_through),
	    arena_unit_test(authors),
	    arena_unit_test(flood_of_forged_fields),
	    arena_unit_test(forged_requiretls),
	    arena_unit_test(item_33_bare_newline),
	    arena_unit_test(no_second_reason_does_not_spare_spf),
	    arena_unit_test(spf_trouble_does_not_delay_what_passes),
	    arena_unit_test(what_is_applied_differently_is_told),
	    arena_unit_test(a_second_reason_to_hold_leaves_dmarc_its_part),
	    arena_unit_test(mail_of_our_other_hosts_is_not_refused),
	    arena_unit_test(a_reply_is_one_short_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
