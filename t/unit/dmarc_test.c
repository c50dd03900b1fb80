#include "unit.h"

#include "base/dns_zone.h"
#include "base/why.h"
#include "mailauth/dmarc.h"

static const struct deadline now = {0};

static struct domain
domain(void **state, const char *text)
{
	struct domain result = {{NULL, 0}};

	if (text != NULL)
		assert_true(
		    domain_parse(*state, text_from(text), &result, NULL));
	return result;
}

struct facts {
	const char *from;
	enum spf_result spf;
	const char *spf_domain;
	enum dkim_result dkim;
	const char *dkim_domain;
};

static struct facts
with_spf(const char *from, enum spf_result spf, const char *spf_domain)
{
	return (struct facts){from, spf, spf_domain, DKIM_NOT_EVALUATED, NULL};
}

static struct facts
only(const char *from)
{
	return with_spf(from, SPF_NONE, NULL);
}

static struct dns_zone *
zone_of(void **state, const char *text)
{
	struct dns_zone *zone;
	struct why why;

	zone = dns_zone_parse(*state, text_from(text), &why);
	if (zone == NULL)
		fail_msg("%s", why.text);
	return zone;
}

static struct dmarc_verdict
evaluate(void **state, struct dns_zone *zone, struct facts facts)
{
	struct resolver *resolver = dns_zone_resolver(zone);
	struct dkim_signature_result signature = {
	    .result = facts.dkim, .domain = domain(state, facts.dkim_domain)};
	struct dmarc_input input = {
	    .author = domain(state, facts.from),
	    .spf = facts.spf,
	    .spf_domain = domain(state, facts.spf_domain),
	    .dkim = &signature,
	    .dkim_count = facts.dkim != DKIM_NOT_EVALUATED};
	struct dmarc_verdict v;

	dmarc_evaluate(
	    *state, dmarc_discovery_new(*state, resolver, DMARC_TREEWALK, NULL),
	    resolver, &input, now, &v);
	return v;
}

static struct dmarc_verdict
verdict(void **state, const char *text, struct facts facts)
{
	return evaluate(state, zone_of(state, text), facts);
}

#define REJECT "_dmarc.b.test TXT \"v=DMARC1; p=reject\"\n"
#define STRICT "_dmarc.b.test TXT \"v=DMARC1; p=reject; adkim=s; aspf=s\"\n"

static void
one_aligned_pass_is_enough(void **state)
{
	struct dmarc_verdict v;

	v = verdict(
	    state, REJECT,
	    (struct facts){"b.test", SPF_PASS, "b.test", DKIM_FAIL, "b.test"});
	assert_int_equal(v.result, DMARC_PASS);
	assert_true(v.aligned_spf && !v.aligned_dkim);
	assert_int_equal(v.disposition, DMARC_POLICY_NONE);
	assert_int_equal(v.published, DMARC_POLICY_REJECT);
	v = verdict(state, REJECT,
		    (struct facts){"b.test", SPF_TEMPERROR, "b.test", DKIM_PASS,
				   "a.b.test"});
	assert_int_equal(v.result, DMARC_PASS);
	assert_true(v.aligned_dkim && !v.aligned_spf);
	assert_text(v.policy.organizational.name, "b.test");
}

static void
strict_is_strict(void **state)
{
	struct dmarc_verdict v;

	v = verdict(state, STRICT,
		    (struct facts){"b.test", SPF_PASS, "a.b.test", DKIM_PASS,
				   "a.b.test"});
	assert_int_equal(v.result, DMARC_FAIL);
	assert_int_equal(v.disposition, DMARC_POLICY_REJECT);
	v = verdict(state, STRICT,
		    (struct facts){"a.b.test", SPF_PASS, "b.test", DKIM_PASS,
				   "b.test"});
	assert_int_equal(v.result, DMARC_FAIL);
	v = verdict(state, STRICT, with_spf("b.test", SPF_PASS, "b.test"));
	assert_int_equal(v.result, DMARC_PASS);
}

static void
without_a_record_there_is_no_dmarc(void **state)
{
	struct dmarc_verdict v =
	    verdict(state, "", with_spf("b.test", SPF_PASS, "b.test"));

	assert_int_equal(v.result, DMARC_NONE);
	assert_int_equal(v.published, DMARC_POLICY_UNSET);
	assert_string_equal(v.reason, "no record");
}

static void
what_could_not_be_asked(void **state)
{
	const char *down = REJECT "_dmarc.test TXT !SERVFAIL\n";

	/* identical and its own record: no further question */
	assert_int_equal(
	    verdict(state, down, with_spf("b.test", SPF_PASS, "b.test")).result,
	    DMARC_PASS);
	assert_int_equal(
	    verdict(state, down, with_spf("b.test", SPF_PASS, "a.b.test"))
		.result,
	    DMARC_TEMPERROR);
	/* no common organizational domain, whatever the answer */
	assert_int_equal(
	    verdict(state, down, with_spf("b.test", SPF_PASS, "b.example"))
		.result,
	    DMARC_FAIL);
	assert_int_equal(verdict(state, "_dmarc.b.test TXT !BOGUS",
				 with_spf("b.test", SPF_PASS, "b.test"))
			     .result,
			 DMARC_TEMPERROR);
	/* a check of an identifier that would align */
	assert_int_equal(verdict(state, REJECT,
				 with_spf("b.test", SPF_TEMPERROR, "a.b.test"))
			     .result,
			 DMARC_TEMPERROR);
	assert_int_equal(verdict(state, REJECT,
				 (struct facts){"b.test", SPF_FAIL, "b.test",
						DKIM_TEMPERROR, "b.test"})
			     .result,
			 DMARC_TEMPERROR);
	assert_int_equal(
	    verdict(state, REJECT,
		    (struct facts){"b.test", SPF_TEMPERROR, "x.example",
				   DKIM_TEMPERROR, "c.test"})
		.result,
	    DMARC_FAIL);
}

#define BY_NAME                                                                \
	"_dmarc.b.test TXT \"v=DMARC1; p=none; sp=quarantine; np=reject\"\n"   \
	"there.b.test MX 0 .\n"

static void
which_policy(void **state)
{
	struct dmarc_verdict v;

	v = verdict(state, BY_NAME, only("b.test"));
	assert_int_equal(v.published, DMARC_POLICY_NONE);
	v = verdict(state, BY_NAME, only("there.b.test"));
	assert_int_equal(v.published, DMARC_POLICY_QUARANTINE);
	assert_true(v.author_exists);
	v = verdict(state, BY_NAME, only("gone.b.test"));
	assert_int_equal(v.published, DMARC_POLICY_REJECT);
	assert_false(v.author_exists);
	v = verdict(state, BY_NAME "gone.b.test A !TIMEOUT\n",
		    only("gone.b.test"));
	assert_int_equal(v.result, DMARC_TEMPERROR);
	assert_int_equal(v.disposition, DMARC_POLICY_NONE);
	/* a pass does not need to know */
	v = verdict(state, BY_NAME "gone.b.test A !TIMEOUT\n",
		    with_spf("gone.b.test", SPF_PASS, "b.test"));
	assert_int_equal(v.result, DMARC_PASS);
}

/* A failure whose policy hangs on the lost answer is a temporary error. */
static void
no_lost_answer_softens_a_failure(void **state)
{
	static const char *const authors[] = {"b.test", "there.b.test",
					      "gone.b.test"};
	static const char *const zones[] = {
	    BY_NAME, REJECT, BY_NAME "_dmarc.test TXT \"v=DMARC1; p=none\"\n",
	    BY_NAME "_dmarc.there.b.test TXT \"v=DMARC1; p=reject\"\n"};

	for (size_t i = 0; i < 3 * 4; i++) {
		struct dns_zone *zone = zone_of(state, zones[i / 3]);
		struct facts facts = only(authors[i % 3]);
		struct dmarc_verdict whole = evaluate(state, zone, facts);
		int questions = (int)dns_zone_questions(zone);

		assert_int_equal(whole.result, DMARC_FAIL);
		for (int lost = 0; lost < questions; lost++) {
			dns_zone_fail_question(zone, lost);
			struct dmarc_verdict v = evaluate(state, zone, facts);

			if (v.result != DMARC_FAIL)
				assert_int_equal(v.result, DMARC_TEMPERROR);
			else
				assert_int_equal(v.disposition,
						 whole.disposition);
		}
	}
}

static void
test_mode_is_one_level_below(void **state)
{
	static const struct {
		const char *word;
		enum dmarc_policy disposition;
	} levels[] = {{"reject", DMARC_POLICY_QUARANTINE},
		      {"quarantine", DMARC_POLICY_NONE},
		      {"none", DMARC_POLICY_NONE}};

	for (size_t i = 0; i < 3; i++) {
		struct dmarc_verdict v = verdict(
		    state,
		    arena_printf(*state,
				 "_dmarc.b.test TXT \"v=DMARC1; p=%s; t=y\"",
				 levels[i].word),
		    only("b.test"));

		assert_string_equal(dmarc_policy_name(v.published),
				    levels[i].word);
		assert_int_equal(v.disposition, levels[i].disposition);
	}
}

/* A hundred foreign signatures before the aligned one (they cost nothing: no
 * question is asked about them). */
static void
signature_padding_hides_nothing(void **state)
{
	struct dkim_signature_result signatures[101];
	struct dns_zone *zone = zone_of(state, REJECT);
	struct resolver *resolver = dns_zone_resolver(zone);
	struct dmarc_input input = {.author = domain(state, "b.test"),
				    .dkim = signatures,
				    .dkim_count = 101};
	struct dmarc_verdict v;

	memset(signatures, 0, sizeof(signatures));
	for (int i = 0; i < 101; i++) {
		signatures[i].result = DKIM_PASS;
		signatures[i].domain =
		    domain(state, arena_printf(*state, "n%d.c.test", i));
	}
	signatures[100].domain = domain(state, "a.b.test");
	dmarc_evaluate(
	    *state, dmarc_discovery_new(*state, resolver, DMARC_TREEWALK, NULL),
	    resolver, &input, now, &v);
	assert_int_equal(v.result, DMARC_PASS);
	assert_true(v.aligned_dkim);
	assert_int_equal(dns_zone_questions(zone), 5);
}

static void
security_of_a_pass(void **state)
{
	struct dmarc_verdict v =
	    verdict(state,
		    "$DNSSEC secure\n" REJECT "_dmarc.test TXT \"\"\n"
		    "$DNSSEC insecure\n"
		    "_dmarc.a.b.test TXT \"\"\n",
		    with_spf("b.test", SPF_PASS, "a.b.test"));

	assert_int_equal(v.result, DMARC_PASS);
	assert_int_equal(v.policy.security, DNS_INSECURE);
	v = verdict(state, "$DNSSEC secure\n" REJECT "_dmarc.test TXT \"\"\n",
		    with_spf("b.test", SPF_PASS, "b.test"));
	assert_int_equal(v.policy.security, DNS_SECURE);
}

static void
the_stricter_of_two(void **state)
{
	/* in rising order */
	const struct dmarc_verdict v[] = {
	    {.result = DMARC_NOT_EVALUATED},
	    {.result = DMARC_PASS},
	    {.result = DMARC_NONE},
	    {.result = DMARC_PERMERROR},
	    {.result = DMARC_TEMPERROR},
	    {.result = DMARC_FAIL, .disposition = DMARC_POLICY_NONE},
	    {.result = DMARC_FAIL, .disposition = DMARC_POLICY_QUARANTINE},
	    {.result = DMARC_FAIL, .disposition = DMARC_POLICY_REJECT},
	};
	size_t count = sizeof(v) / sizeof(*v);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			assert_ptr_equal(dmarc_stricter(&v[i], &v[j]),
					 j > i ? &v[j] : &v[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(one_aligned_pass_is_enough),
	    arena_unit_test(strict_is_strict),
	    arena_unit_test(without_a_record_there_is_no_dmarc),
	    arena_unit_test(what_could_not_be_asked),
	    arena_unit_test(which_policy),
	    arena_unit_test(no_lost_answer_softens_a_failure),
	    arena_unit_test(test_mode_is_one_level_below),
	    arena_unit_test(signature_padding_hides_nothing),
	    arena_unit_test(security_of_a_pass),
	    cmocka_unit_test(the_stricter_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
