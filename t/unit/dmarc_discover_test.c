#include "unit.h"

#include <unistd.h>

#include "base/dns_zone.h"
#include "base/publicsuffix.h"
#include "base/why.h"
#include "mailauth/dmarc_discover.h"

static const struct deadline now = {0};

struct scene {
	struct dns_zone *zone;
	struct dmarc_discovery *discovery;
};

static struct scene
scene(void **state, enum dmarc_method method,
      const struct public_suffix_list *list, const char *zone)
{
	struct scene s;
	struct why why;

	s.zone = dns_zone_parse(*state, text_from(zone), &why);
	if (s.zone == NULL)
		fail_msg("%s", why.text);
	s.discovery = dmarc_discovery_new(*state, dns_zone_resolver(s.zone),
					  method, list);
	return s;
}

static struct domain
domain(void **state, const char *text)
{
	struct domain result;

	assert_true(domain_parse(*state, text_from(text), &result, NULL));
	return result;
}

static struct dmarc_policy_found
policy(void **state, struct scene s, const char *author)
{
	struct dmarc_policy_found found;

	dmarc_discover_policy(s.discovery, domain(state, author), now, &found);
	return found;
}

static const char *
organizational(void **state, struct scene s, const char *name)
{
	struct domain result;

	if (!dmarc_discover_organizational(s.discovery, domain(state, name),
					   now, &result))
		return "temperror";
	return text_string(*state, result.name);
}

static void
all_names_are_asked_at_once(void **state)
{
	struct scene s = scene(state, DMARC_TREEWALK, NULL, "");

	dmarc_discovery_begin(s.discovery,
			      domain(state, "a.b.c.d.e.f.g.h.i.example"));
	assert_int_equal(dns_zone_questions(s.zone), 8);
	dmarc_discovery_begin(s.discovery,
			      domain(state, "a.b.c.d.e.f.g.h.i.example"));
	assert_int_equal(dns_zone_questions(s.zone), 8);
	dmarc_discovery_begin(s.discovery, domain(state, "mail.example"));
	assert_int_equal(dns_zone_questions(s.zone), 10);
}

static void
the_walk_stops_at_psd(void **state)
{
	struct scene s = scene(state, DMARC_TREEWALK, NULL,
			       "_dmarc.b.c.test TXT \"v=DMARC1; psd=n\"\n"
			       "_dmarc.c.test TXT \"v=DMARC1; p=none\"\n");
	struct domain d = domain(state, "a.b.c.test");
	struct text name;

	assert_string_equal(organizational(state, s, "a.b.c.test"), "b.c.test");
	assert_true(dmarc_discovery_step(s.discovery, d, 1, &name));
	assert_text(name, "_dmarc.b.c.test");
	assert_false(dmarc_discovery_step(s.discovery, d, 2, &name));
}

static void
one_label_below_a_public_suffix(void **state)
{
	struct scene s =
	    scene(state, DMARC_TREEWALK, NULL,
		  "_dmarc.c.test TXT \"v=DMARC1; p=reject; psd=y\"\n"
		  "_dmarc.a.b.c.test TXT \"v=DMARC1; p=none\"\n");
	struct dmarc_policy_found found;

	assert_string_equal(organizational(state, s, "x.a.b.c.test"),
			    "b.c.test");
	assert_string_equal(organizational(state, s, "c.test"), "c.test");
	/* neither its own nor its organizational domain's: the suffix's */
	found = policy(state, s, "x.a.b.c.test");
	assert_int_equal(found.found, DMARC_LOOKUP_FOUND);
	assert_text(found.policy_domain.name, "c.test");
	assert_text(found.organizational.name, "b.c.test");
	/* eight labels are found below a suffix of seven, though not asked */
	s = scene(state, DMARC_TREEWALK, NULL,
		  "_dmarc.c.d.e.f.g.h.test TXT \"v=DMARC1; psd=y\"\n");
	assert_string_equal(organizational(state, s, "y.x.b.c.d.e.f.g.h.test"),
			    "b.c.d.e.f.g.h.test");
}

static void
several_records_are_none(void **state)
{
	struct scene s =
	    scene(state, DMARC_TREEWALK, NULL,
		  "_dmarc.a.b.test TXT \"v=DMARC1; p=none\"\n"
		  "_dmarc.a.b.test TXT \"v=DMARC1; p=reject\"\n"
		  "_dmarc.b.test TXT \"v=spf1\"\n"
		  "_dmarc.b.test TXT \"v=DMARC1; p=quarantine\"\n");
	struct dmarc_policy_found found = policy(state, s, "a.b.test");

	assert_text(found.policy_domain.name, "b.test");
	assert_int_equal(found.record.p, DMARC_POLICY_QUARANTINE);
	s = scene(state, DMARC_TREEWALK, NULL,
		  "_dmarc.b.test TXT \"v=DMARC1; p=none\"\n"
		  "_dmarc.b.test TXT \"v=DMARC1; p=reject\"\n");
	found = policy(state, s, "b.test");
	assert_int_equal(found.found, DMARC_LOOKUP_NONE);
	assert_string_equal(found.reason, "several records");
}

static void
a_record_that_cannot_be_used_ends_the_search(void **state)
{
	struct scene s = scene(state, DMARC_TREEWALK, NULL,
			       "_dmarc.a.b.test TXT \"v=DMARC1; p=huh\"\n"
			       "_dmarc.b.test TXT \"v=DMARC1; p=reject\"\n");

	assert_int_equal(policy(state, s, "a.b.test").found, DMARC_LOOKUP_NONE);
}

static void
could_not_ask_is_not_no_record(void **state)
{
	static const char *const endings[] = {"!TIMEOUT", "!SERVFAIL",
					      "!BOGUS"};

	for (size_t i = 0; i < 3; i++) {
		struct scene s = scene(
		    state, DMARC_TREEWALK, NULL,
		    arena_printf(*state,
				 "_dmarc.b.test TXT \"v=DMARC1; p=reject\"\n"
				 "_dmarc.test TXT %s\n",
				 endings[i]));
		struct dmarc_policy_found found = policy(state, s, "a.b.test");

		assert_int_equal(found.found, DMARC_LOOKUP_TEMPERROR);
		assert_non_null(found.reason);
		assert_string_equal(organizational(state, s, "a.b.test"),
				    "temperror");
		/* its own record needs no other answer */
		found = policy(state, s, "b.test");
		assert_int_equal(found.found, DMARC_LOOKUP_FOUND);
		assert_false(domain_is_set(found.organizational));
	}
}

static void
weakest_security_of_the_answers_used(void **state)
{
	struct scene s = scene(state, DMARC_TREEWALK, NULL,
			       "_dmarc.a.b.test TXT \"other\"\n"
			       "$DNSSEC secure\n"
			       "_dmarc.b.test TXT \"v=DMARC1; p=none; psd=n\"\n"
			       "_dmarc.test TXT !BOGUS\n");

	assert_int_equal(policy(state, s, "b.test").security, DNS_SECURE);
	assert_int_equal(policy(state, s, "a.b.test").security, DNS_INSECURE);
	assert_true(dmarc_discovery_shows_existence(s.discovery,
						    domain(state, "a.b.test")));
	assert_false(dmarc_discovery_shows_existence(
	    s.discovery, domain(state, "c.b.test")));
}

static struct public_suffix_list *
suffixes(void)
{
	static const char rules[] = "test\nco.test\n";
	char path[] = "/tmp/signet-psl-XXXXXX";
	struct public_suffix_list *list;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, rules, sizeof(rules) - 1),
			 sizeof(rules) - 1);
	close(fd);
	list = public_suffix_list_open(path, NULL);
	unlink(path);
	assert_non_null(list);
	return list;
}

static void
public_suffix_method(void **state)
{
	struct public_suffix_list *list = suffixes();
	struct scene s =
	    scene(state, DMARC_PSL, list,
		  "_dmarc.b.co.test TXT \"v=DMARC1; p=reject; psd=y\"\n"
		  "_dmarc.x.b.co.test TXT \"v=DMARC1; p=none\"\n"
		  "_dmarc.x.b.co.test TXT \"v=DMARC1; p=none\"\n"
		  "_dmarc.y.b.co.test TXT !TIMEOUT\n"
		  "_dmarc.co.test TXT \"v=DMARC1; p=none\"\n");
	struct dmarc_policy_found found = policy(state, s, "m.a.b.co.test");

	assert_int_equal(dns_zone_questions(s.zone), 2);
	assert_text(found.policy_domain.name, "b.co.test");
	assert_text(found.organizational.name, "b.co.test");
	assert_string_equal(organizational(state, s, "m.a.b.co.test"),
			    "b.co.test");
	/* RFC 7489 section 6.6.3 step 5: several end the search */
	assert_int_equal(policy(state, s, "x.b.co.test").found,
			 DMARC_LOOKUP_NONE);
	assert_int_equal(policy(state, s, "y.b.co.test").found,
			 DMARC_LOOKUP_TEMPERROR);
	/* the suffix's own record is not that of domains below it */
	assert_int_equal(policy(state, s, "c.co.test").found,
			 DMARC_LOOKUP_NONE);
	assert_int_equal(policy(state, s, "co.test").found, DMARC_LOOKUP_FOUND);
	public_suffix_list_close(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(all_names_are_asked_at_once),
	    arena_unit_test(the_walk_stops_at_psd),
	    arena_unit_test(one_label_below_a_public_suffix),
	    arena_unit_test(several_records_are_none),
	    arena_unit_test(a_record_that_cannot_be_used_ends_the_search),
	    arena_unit_test(could_not_ask_is_not_no_record),
	    arena_unit_test(weakest_security_of_the_answers_used),
	    arena_unit_test(public_suffix_method),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
