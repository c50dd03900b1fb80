#include "unit.h"

#include "base/dns_zone.h"
#include "base/why.h"
#include "dmarc-reporter/destinations.h"

static struct destinations
find(void **state, const char *zone)
{
	struct destinations found;
	struct dns_zone *parsed;
	struct domain domain;
	struct why why;

	parsed = dns_zone_parse(*state, text_from(zone), &why);
	if (parsed == NULL)
		fail_msg("%s", why.text);
	assert_true(domain_parse(*state, TEXT("blue.example"), &domain, NULL));
	destinations_find(*state, dns_zone_resolver(parsed), domain,
			  REPORT_CONSENT_RUA, (struct deadline){0}, &found);
	return found;
}

/* "URI state reason" of each, one a line. */
static const char *
list(void **state, const struct destinations *found)
{
	const struct destination *one;
	const char *lines = "";

	for (one = found->first; one != NULL; one = one->next)
		lines = arena_printf(*state, "%s" TEXT_FMT " %s %s\n", lines,
				     TEXT_ARG(one->uri),
				     destination_state_name(one->state),
				     one->reason != NULL ? one->reason : "-");
	return lines;
}

static void
each_uri_on_its_own(void **state)
{
	struct destinations found = find(
	    state, "_dmarc.blue.example TXT \"v=DMARC1; p=none; "
		   "rua=mailto:a@blue.example!10m, mailto:0,nonsense,"
		   "https://x.example/, mailto:b@red.example,"
		   "mailto:c@green.example,mailto:d@bad.example,"
		   "mailto:A@blue.example\"\n"
		   "_dmarc.red.example TXT \"v=DMARC1; p=none\"\n"
		   "_dmarc.green.example TXT \"v=DMARC1; p=none\"\n"
		   "_dmarc.bad.example TXT \"v=DMARC1; p=none\"\n"
		   "blue.example._report._dmarc.red.example TXT \"v=DMARC1\"\n"
		   "blue.example._report._dmarc.bad.example TXT !SERVFAIL\n");

	assert_int_equal(found.found, DESTINATIONS_FOUND);
	assert_string_equal(
	    list(state, &found),
	    "mailto:a@blue.example waiting -\n"
	    "mailto:0 skipped cannot be used: no mail address\n"
	    "https://x.example/ skipped its scheme is not supported: only "
	    "mailto is (RFC 9990)\n"
	    "mailto:b@red.example waiting -\n"
	    "mailto:c@green.example skipped the host has no record that "
	    "agrees\n"
	    "mailto:d@bad.example undecided SERVFAIL\n"
	    "mailto:A@blue.example skipped its address is named twice\n"
	    "nonsense skipped cannot be used: no URI\n");
}

static void
addresses_that_the_host_wants(void **state)
{
	struct destinations found = find(
	    state, "_dmarc.blue.example TXT \"v=DMARC1; p=none; "
		   "rua=mailto:a@red.example,mailto:b@green.example\"\n"
		   "blue.example._report._dmarc.red.example TXT \"v=DMARC1; "
		   "rua=mailto:x@red.example,mailto:a@red.example\"\n"
		   "blue.example._report._dmarc.green.example TXT \"v=DMARC1; "
		   "rua=mailto:y@red.example\"\n");

	assert_string_equal(
	    list(state, &found),
	    "mailto:a@red.example waiting -\n"
	    "mailto:x@red.example waiting -\n"
	    "mailto:b@green.example skipped the host's record names an address "
	    "at another host, so neither may be used\n");
	assert_text(found.first->next->instead_of, "mailto:a@red.example");
}

static void
nobody_and_nothing_known(void **state)
{
	assert_int_equal(find(state, "").found, DESTINATIONS_NOBODY);
	assert_int_equal(
	    find(state, "_dmarc.blue.example TXT \"v=DMARC1; p=none\"\n").found,
	    DESTINATIONS_NOBODY);
	/* that of its parent is about its parent */
	assert_int_equal(find(state, "_dmarc.example TXT \"v=DMARC1; p=none; "
				     "rua=mailto:a@example.example\"\n")
			     .found,
			 DESTINATIONS_NOBODY);
	assert_int_equal(
	    find(state, "_dmarc.blue.example TXT !TIMEOUT\n").found,
	    DESTINATIONS_TEMPERROR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(each_uri_on_its_own),
	    arena_unit_test(addresses_that_the_host_wants),
	    arena_unit_test(nobody_and_nothing_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
