#include "mailauth/report_consent.h"

#include "base/arena.h"
#include "base/limits.h"
#include "mailauth/report_uri.h"

struct check {
	struct arena *arena;
	struct resolver *resolver;
	struct domain host;
	enum report_consent_tag tag;
	struct deadline deadline;
	struct report_consent *consent;
};

static void
set(struct report_consent *consent, enum report_consent_result result,
    const char *reason)
{
	consent->result = result;
	consent->reason = reason;
}

/* Notes the URIs of one record that agrees; false when one of them is at
 * another host. */
static bool
take_instead(struct check *check, const struct dmarc_record *record,
	     struct dmarc_uri ***end)
{
	const struct dmarc_uri *one =
	    check->tag == REPORT_CONSENT_RUA ? record->rua : record->ruf;
	struct report_uri uri;

	for (; one != NULL; one = one->next) {
		report_uri_parse(check->arena, one->uri, &uri);
		if (domain_is_set(uri.host) &&
		    !domain_equal(uri.host, check->host))
			return false;
		**end = arena_new_value(check->arena, struct dmarc_uri);
		(**end)->uri = uri.uri;
		*end = &(**end)->next;
	}
	return true;
}

static void
read_records(struct check *check, const struct dns_answer *answer,
	     struct domain asked_for)
{
	struct report_consent *consent = check->consent;
	struct dmarc_uri **end = &consent->instead;
	struct dmarc_record record;
	size_t i;

	for (i = 0; i < answer->count; i++) {
		if (!dmarc_record_parse(check->arena, answer->records[i].text,
					&record, NULL))
			continue;
		if (consent->records++ == 0)
			consent->record = record.text;
		if (!take_instead(check, &record, &end)) {
			consent->instead = NULL;
			set(consent, REPORT_CONSENT_REFUSED,
			    "the host's record names an address at another "
			    "host, so neither may be used");
			return;
		}
	}
	if (consent->records == 0)
		return;
	consent->asked_for = asked_for;
	set(consent, REPORT_CONSENT_GIVEN, "the host's record agrees");
}

/* Asks at one name.  Leaves the result at NOT_ASKED if nothing agrees. */
static void
ask_for(struct check *check, struct domain domain)
{
	struct report_consent *consent = check->consent;
	const struct dns_answer *answer;
	struct text name = text_from(
	    arena_printf(check->arena, TEXT_FMT "._report._dmarc." TEXT_FMT,
			 TEXT_ARG(domain.name), TEXT_ARG(check->host.name)));
	struct dns_question *question;

	if (name.len > LIMIT_DOMAIN_BYTES) {
		consent->reason = "the name to ask at is too long for DNS";
		return;
	}
	consent->name = name;
	question = dns_ask(check->arena, check->resolver, name, DNS_TXT);
	switch (dns_wait(question, check->deadline, &answer)) {
	case DNS_FOUND:
		consent->reason = "no record of the host begins with v=DMARC1";
		read_records(check, answer, domain);
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		consent->reason = "the host has no record that agrees";
		break;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		set(consent, REPORT_CONSENT_TEMPERROR,
		    answer->reason != NULL ? answer->reason
					   : "the host's DNS did not answer");
		break;
	}
	consent->security =
	    dns_security_weaker(consent->security, answer->security);
}

void
report_consent_ask(struct arena *arena, struct resolver *resolver,
		   struct dmarc_discovery *discovery,
		   struct domain policy_domain, struct domain host,
		   enum report_consent_tag tag, struct deadline deadline,
		   struct report_consent *consent)
{
	struct check check = {arena, resolver, host, tag, deadline, consent};
	struct domain ours, theirs;

	*consent = (struct report_consent){.security = DNS_SECURE};
	if (domain_equal(policy_domain, host)) {
		set(consent, REPORT_CONSENT_OWN, "the domain itself");
		return;
	}
	dmarc_discovery_begin(discovery, policy_domain);
	dmarc_discovery_begin(discovery, host);
	if (!dmarc_discover_organizational(discovery, policy_domain, deadline,
					   &ours) ||
	    !dmarc_discover_organizational(discovery, host, deadline,
					   &theirs)) {
		set(consent, REPORT_CONSENT_TEMPERROR,
		    "DNS did not tell the organizational domain");
		return;
	}
	if (domain_equal(ours, theirs)) {
		set(consent, REPORT_CONSENT_OWN,
		    "the same organizational domain");
		return;
	}
	ask_for(&check, policy_domain);
	if (consent->result == REPORT_CONSENT_NOT_ASKED &&
	    !domain_equal(policy_domain, ours))
		ask_for(&check, ours);
	if (consent->result == REPORT_CONSENT_NOT_ASKED)
		consent->result = REPORT_CONSENT_REFUSED;
}

const char *
report_consent_name(enum report_consent_result result)
{
	switch (result) {
	case REPORT_CONSENT_NOT_ASKED:
		return "not asked";
	case REPORT_CONSENT_OWN:
		return "own";
	case REPORT_CONSENT_GIVEN:
		return "given";
	case REPORT_CONSENT_REFUSED:
		return "refused";
	case REPORT_CONSENT_TEMPERROR:
		return "temperror";
	}
	return "not asked";
}
