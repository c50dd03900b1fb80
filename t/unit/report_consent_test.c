#include "unit.h"

#include "base/dns_zone.h"
#include "base/why.h"
#include "mailauth/report_consent.h"

static const struct deadline now = {0};

static struct report_consent
ask(void **state, const char *zone, const char *policy_domain, const char *host)
{
	struct report_consent consent;
	struct dmarc_discovery *discovery;
	struct domain ours, theirs;
	struct dns_zone *parsed;
	struct why why;

	parsed = dns_zone_parse(*state, text_from(zone), &why);
	if (parsed == NULL)
		fail_msg("%s", why.text);
	discovery = dmarc_discovery_new(*state, dns_zone_resolver(parsed),
					DMARC_TREEWALK, NULL);
	assert_true(
	    domain_parse(*state, text_from(policy_domain), &ours, NULL));
	assert_true(domain_parse(*state, text_from(host), &theirs, NULL));
	report_consent_ask(*state, dns_zone_resolver(parsed), discovery, ours,
			   theirs, REPORT_CONSENT_RUA, now, &consent);
	return consent;
}

#define ORGS                                                                   \
	"_dmarc.blue.example TXT \"v=DMARC1; p=none\"\n"                       \
	"_dmarc.red.example TXT \"v=DMARC1; p=none\"\n"

static void
own_hosts_are_not_asked(void **state)
{
	assert_int_equal(ask(state, "", "a.example", "a.example").result,
			 REPORT_CONSENT_OWN);
	assert_int_equal(
	    ask(state, ORGS, "blue.example", "mail.blue.example").result,
	    REPORT_CONSENT_OWN);
	assert_int_equal(
	    ask(state, ORGS, "mail.blue.example", "blue.example").result,
	    REPORT_CONSENT_OWN);
	/* a subdomain that is an organization of its own */
	assert_int_equal(
	    ask(state,
		ORGS "_dmarc.x.blue.example TXT \"v=DMARC1; p=none; psd=n\"\n",
		"blue.example", "x.blue.example")
		.result,
	    REPORT_CONSENT_REFUSED);
}

static void
a_record_agrees(void **state)
{
	static const char *const records[] = {
	    "v=DMARC1", "v=DMARC1;", "v=DMARC1; p=none", "V = DMARC1 ; x=y"};
	struct report_consent consent;

	for (size_t i = 0; i < 4; i++) {
		consent =
		    ask(state,
			arena_printf(*state,
				     ORGS "blue.example._report._dmarc.red."
					  "example TXT \"%s\"\n",
				     records[i]),
			"blue.example", "red.example");
		assert_int_equal(consent.result, REPORT_CONSENT_GIVEN);
		assert_text(consent.asked_for.name, "blue.example");
		assert_text(consent.record, records[i]);
		assert_null(consent.instead);
	}
	consent =
	    ask(state, ORGS "*._report._dmarc.red.example TXT \"v=DMARC1\"\n",
		"blue.example", "red.example");
	assert_int_equal(consent.result, REPORT_CONSENT_GIVEN);
}

static void
what_is_no_record_does_not(void **state)
{
	static const char *const records[] = {"v=spf1 -all", "DMARC1",
					      "p=none; v=DMARC1", "v=DMARC11"};
	struct report_consent consent;

	for (size_t i = 0; i < 4; i++) {
		consent =
		    ask(state,
			arena_printf(*state,
				     ORGS "blue.example._report._dmarc.red."
					  "example TXT \"%s\"\n",
				     records[i]),
			"blue.example", "red.example");
		assert_int_equal(consent.result, REPORT_CONSENT_REFUSED);
	}
	assert_int_equal(ask(state, ORGS, "blue.example", "red.example").result,
			 REPORT_CONSENT_REFUSED);
	/* the record of another domain */
	assert_int_equal(ask(state,
			     ORGS "green.example._report._dmarc.red.example "
				  "TXT \"v=DMARC1\"\n",
			     "blue.example", "red.example")
			     .result,
			 REPORT_CONSENT_REFUSED);
}

static void
the_organizational_domain_counts_too(void **state)
{
	struct report_consent consent =
	    ask(state,
		ORGS "blue.example._report._dmarc.red.example TXT "
		     "\"v=DMARC1\"\n",
		"mail.blue.example", "red.example");

	assert_int_equal(consent.result, REPORT_CONSENT_GIVEN);
	assert_text(consent.asked_for.name, "blue.example");
	consent = ask(state,
		      ORGS "mail.blue.example._report._dmarc.red.example TXT "
			   "\"v=DMARC1\"\n",
		      "mail.blue.example", "red.example");
	assert_int_equal(consent.result, REPORT_CONSENT_GIVEN);
	assert_text(consent.asked_for.name, "mail.blue.example");
}

static void
names_that_are_too_long(void **state)
{
	static const char label[] =
	    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff";
	const char *longest =
	    arena_printf(*state, "%s.%s.%s.blue.example", label, label, label);
	const char *host = arena_printf(*state, "%s.red.example", label);
	struct report_consent consent = ask(state, ORGS, longest, host);

	assert_int_equal(consent.result, REPORT_CONSENT_REFUSED);
	/* but its organizational domain can be asked for */
	consent = ask(state,
		      arena_printf(*state,
				   ORGS "blue.example._report._dmarc.%s TXT "
					"\"v=DMARC1\"\n",
				   host),
		      longest, host);
	assert_int_equal(consent.result, REPORT_CONSENT_GIVEN);
}

#define AT "blue.example._report._dmarc.red.example TXT "

static void
another_address(void **state)
{
	struct report_consent consent =
	    ask(state,
		ORGS AT "\"v=DMARC1; rua=mailto:a@red.example!5m,"
			"mailto:b@red.example\"\n",
		"blue.example", "red.example");

	assert_int_equal(consent.result, REPORT_CONSENT_GIVEN);
	assert_text(consent.instead->uri, "mailto:a@red.example");
	assert_text(consent.instead->next->uri, "mailto:b@red.example");
	assert_null(consent.instead->next->next);
	/* at another host: neither */
	consent = ask(state,
		      ORGS AT "\"v=DMARC1; rua=mailto:a@red.example,"
			      "mailto:b@sub.red.example\"\n",
		      "blue.example", "red.example");
	assert_int_equal(consent.result, REPORT_CONSENT_REFUSED);
	assert_null(consent.instead);
	/* ruf has no say about rua */
	consent =
	    ask(state, ORGS AT "\"v=DMARC1; ruf=mailto:a@other.example\"\n",
		"blue.example", "red.example");
	assert_int_equal(consent.result, REPORT_CONSENT_GIVEN);
	assert_null(consent.instead);
}

static void
several_records(void **state)
{
	struct report_consent consent =
	    ask(state,
		ORGS AT "\"v=spf1 -all\"\n" AT "\"v=DMARC1\"\n" AT
			"\"v=DMARC1; rua=mailto:a@red.example\"\n",
		"blue.example", "red.example");

	assert_int_equal(consent.result, REPORT_CONSENT_GIVEN);
	assert_int_equal(consent.records, 2);
	assert_text(consent.instead->uri, "mailto:a@red.example");
	consent = ask(state,
		      ORGS AT "\"v=DMARC1\"\n" AT
			      "\"v=DMARC1; rua=mailto:a@green.example\"\n",
		      "blue.example", "red.example");
	assert_int_equal(consent.result, REPORT_CONSENT_REFUSED);
}

static void
could_not_ask_is_not_no(void **state)
{
	static const char *const names[] = {
	    "blue.example._report._dmarc.red.example", "_dmarc.example",
	    "_dmarc.red.example", "_dmarc.blue.example"};
	static const char *const endings[] = {"!TIMEOUT", "!SERVFAIL",
					      "!BOGUS"};
	size_t i;

	for (i = 0; i < 12; i++) {
		struct report_consent consent =
		    ask(state,
			arena_printf(*state, "%s TXT %s\n", names[i % 4],
				     endings[i / 4]),
			"blue.example", "red.example");

		assert_int_equal(consent.result, REPORT_CONSENT_TEMPERROR);
		assert_non_null(consent.reason);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(own_hosts_are_not_asked),
	    arena_unit_test(a_record_agrees),
	    arena_unit_test(what_is_no_record_does_not),
	    arena_unit_test(the_organizational_domain_counts_too),
	    arena_unit_test(names_that_are_too_long),
	    arena_unit_test(another_address),
	    arena_unit_test(several_records),
	    arena_unit_test(could_not_ask_is_not_no),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
