#include "admin/dns_check.h"

#include "base/arena.h"
#include "base/why.h"
#include "mailauth/dmarc_discover.h"
#include "mailauth/report_consent.h"
#include "mailauth/report_uri.h"

static const char item[] = "dmarc";

struct dmarc_check {
	struct dns_check *check;
	struct dmarc_discovery *discovery;
	struct text name; /* _dmarc.DOMAIN */
};

static void
publish(const struct dmarc_check *dmarc)
{
	dns_check_publish(dmarc->check, PLAN_DMARC, text_of(NULL, 0));
}

/* --- where the reports go --- */

static void
tell_consent(struct dns_check *check, const struct report_uri *uri,
	     const struct report_consent *consent)
{
	const char *line = plan_txt_line(
	    check->arena,
	    text_from(arena_printf(check->arena,
				   TEXT_FMT "._report._dmarc." TEXT_FMT,
				   TEXT_ARG(check->settings->domain.name),
				   TEXT_ARG(uri->host.name))),
	    TEXT("v=DMARC1"));

	switch (consent->result) {
	case REPORT_CONSENT_OWN:
	case REPORT_CONSENT_GIVEN:
		dns_findings_add(check->findings, item, DNS_CHECK_OK,
				 "reports may go to " TEXT_FMT ": %s",
				 TEXT_ARG(uri->address), consent->reason);
		return;
	case REPORT_CONSENT_TEMPERROR:
	case REPORT_CONSENT_NOT_ASKED:
		dns_findings_add(check->findings, item, DNS_CHECK_UNKNOWN,
				 "whether " TEXT_FMT " wants the reports: %s",
				 TEXT_ARG(uri->address), consent->reason);
		return;
	case REPORT_CONSENT_REFUSED:
		break;
	}
	dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
			 "no report goes to " TEXT_FMT ": %s",
			 TEXT_ARG(uri->address), consent->reason);
	dns_findings_remedy(check->findings, "%s publishes:\n%s",
			    dns_settings_is_ours(check->settings, uri->host)
				? "the zone of that domain of yours"
				: "the owner of that domain",
			    line);
}

static void
check_uri(const struct dmarc_check *dmarc, const struct dmarc_uri *one,
	  enum report_consent_tag tag)
{
	struct dns_check *check = dmarc->check;
	struct report_consent consent;
	struct report_uri uri;

	report_uri_parse(check->arena, one->uri, &uri);
	switch (uri.kind) {
	case REPORT_URI_MAILTO:
		report_consent_ask(check->arena, check->resolver,
				   dmarc->discovery, check->settings->domain,
				   uri.host, tag, dns_check_deadline(check),
				   &consent);
		tell_consent(check, &uri, &consent);
		return;
	case REPORT_URI_HTTPS:
	case REPORT_URI_UNKNOWN:
		dns_findings_add(check->findings, item, DNS_CHECK_WARN,
				 "no report goes to " TEXT_FMT
				 ": only mailto: is in use",
				 TEXT_ARG(one->uri));
		break;
	case REPORT_URI_BROKEN:
		dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
				 "no report goes to " TEXT_FMT ": %s",
				 TEXT_ARG(one->uri), uri.reason);
		break;
	}
	publish(dmarc);
}

static bool
names(const struct dns_check *check, const struct dmarc_uri *list,
      const char *address)
{
	struct report_uri uri;

	for (; list != NULL; list = list->next) {
		report_uri_parse(check->arena, list->uri, &uri);
		if (uri.kind == REPORT_URI_MAILTO &&
		    text_equal_nocase(uri.address, text_from(address)))
			return true;
	}
	return false;
}

/* Addresses of ours that the record has forgotten. */
static void
check_told(const struct dmarc_check *dmarc, const char *tag,
	   const struct dmarc_uri *list, const struct config_strings *told)
{
	struct dns_check *check = dmarc->check;
	size_t i;

	for (i = 0; i < told->count; i++) {
		if (names(check, list, told->values[i]))
			continue;
		dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
				 "%s does not name %s", tag, told->values[i]);
		publish(dmarc);
	}
}

static void
check_reports(const struct dmarc_check *dmarc,
	      const struct dmarc_record *record)
{
	struct dns_check *check = dmarc->check;
	const struct config_domain *options = &check->settings->options;
	const struct dmarc_uri *uri;

	if (record->rua == NULL && options->dmarc_rua.count == 0) {
		dns_findings_add(check->findings, item, DNS_CHECK_WARN,
				 "the record has no rua: nobody tells us who "
				 "sends in our name");
		dns_findings_remedy(check->findings,
				    "tell an address: [domain] dmarc_rua = "
				    "dmarc@" TEXT_FMT,
				    TEXT_ARG(check->settings->domain.name));
	}
	check_told(dmarc, "rua", record->rua, &options->dmarc_rua);
	check_told(dmarc, "ruf", record->ruf, &options->dmarc_ruf);
	for (uri = record->rua; uri != NULL; uri = uri->next)
		check_uri(dmarc, uri, REPORT_CONSENT_RUA);
	for (uri = record->ruf; uri != NULL; uri = uri->next)
		check_uri(dmarc, uri, REPORT_CONSENT_RUF);
}

/* --- the policy --- */

static void
check_policy(const struct dmarc_check *dmarc, const struct dmarc_record *record,
	     enum dns_security security)
{
	struct dns_check *check = dmarc->check;
	bool weak = record->p == DMARC_POLICY_NONE || record->testing;

	if (!record->applies) {
		dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
				 "the record does not apply: %s",
				 record->defect != NULL ? record->defect
							: "p is missing");
		publish(dmarc);
		return;
	}
	if (record->defect != NULL || record->acts_as_none) {
		dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
				 "the record is broken: %s",
				 record->defect != NULL ? record->defect
							: "it acts as p=none");
		publish(dmarc);
	}
	dns_findings_add(check->findings, item,
			 weak && check->options->internet_nl ? DNS_CHECK_ERROR
							     : DNS_CHECK_OK,
			 "p=%s%s%s", dmarc_policy_name(record->p),
			 record->testing ? " under test (t=y)" : "",
			 dns_check_signed(security));
	if (weak && check->options->internet_nl)
		dns_findings_remedy(check->findings,
				    "once the reports show nothing of yours "
				    "failing: [domain] dmarc_policy = "
				    "quarantine or reject");
}

static void
check_record(const struct dmarc_check *dmarc, struct text txt,
	     enum dns_security security)
{
	struct dns_check *check = dmarc->check;
	struct dmarc_record record;
	struct why why;

	if (!dmarc_record_parse(check->arena, txt, &record, &why)) {
		dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
				 "the record is broken: %s", why.text);
		publish(dmarc);
		return;
	}
	check_policy(dmarc, &record, security);
	check_reports(dmarc, &record);
}

/* Without a record of its own that of a domain above may hold. */
static void
check_none(const struct dmarc_check *dmarc)
{
	struct dns_check *check = dmarc->check;
	struct dmarc_policy_found found;

	dmarc_discover_policy(dmarc->discovery, check->settings->domain,
			      dns_check_deadline(check), &found);
	switch (found.found) {
	case DMARC_LOOKUP_TEMPERROR:
		dns_findings_add(
		    check->findings, item, DNS_CHECK_UNKNOWN,
		    "no record at " TEXT_FMT "; whether one above holds: %s",
		    TEXT_ARG(dmarc->name),
		    found.reason != NULL ? found.reason : "no answer");
		return;
	case DMARC_LOOKUP_FOUND:
		dns_findings_add(
		    check->findings, item, DNS_CHECK_WARN,
		    "no record at " TEXT_FMT "; that of " TEXT_FMT " holds",
		    TEXT_ARG(dmarc->name), TEXT_ARG(found.policy_domain.name));
		break;
	case DMARC_LOOKUP_NONE:
		dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
				 "there is no record at " TEXT_FMT,
				 TEXT_ARG(dmarc->name));
		break;
	}
	publish(dmarc);
}

void
dns_check_dmarc(struct dns_check *check)
{
	struct dmarc_check dmarc = {
	    .check = check,
	    .discovery = dmarc_discovery_new(check->arena, check->resolver,
					     DMARC_TREEWALK, NULL),
	    .name = text_from(
		arena_printf(check->arena, "_dmarc." TEXT_FMT,
			     TEXT_ARG(check->settings->domain.name)))};
	enum dns_security security;
	struct text txt;

	switch (dns_check_one_txt(check, item, dmarc.name, dmarc_record_is,
				  &txt, &security)) {
	case CHECK_TXT_UNKNOWN:
	case CHECK_TXT_SEVERAL:
		return;
	case CHECK_TXT_NONE:
		check_none(&dmarc);
		return;
	case CHECK_TXT_ONE:
		check_record(&dmarc, txt, security);
		return;
	}
}
