#include "admin/dns_check.h"

#include "base/arena.h"
#include "io/clock.h"

struct deadline
dns_check_deadline(const struct dns_check *check)
{
	return clock_deadline_in(
	    (int64_t)check->settings->common.dns_timeout_s * 1000);
}

enum dns_status
dns_check_ask(struct dns_check *check, struct text name, enum dns_type type,
	      const struct dns_answer **answer)
{
	return dns_wait(dns_ask(check->arena, check->resolver, name, type),
			dns_check_deadline(check), answer);
}

bool
dns_check_is_unknown(struct dns_check *check, const char *item,
		     struct text name, enum dns_type type,
		     const struct dns_answer *answer)
{
	const char *reason =
	    answer->reason != NULL ? answer->reason : "no reason given";

	switch (answer->status) {
	case DNS_FOUND:
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return false;
	case DNS_TEMPFAIL:
		dns_findings_add(check->findings, item, DNS_CHECK_UNKNOWN,
				 "%s of " TEXT_FMT ": %s", dns_type_name(type),
				 TEXT_ARG(name), reason);
		dns_findings_remedy(check->findings,
				    "see who does not answer, the resolver or "
				    "the zone's servers: dig +trace " TEXT_FMT
				    " %s",
				    TEXT_ARG(name), dns_type_name(type));
		return true;
	case DNS_BOGUS:
		dns_findings_add(check->findings, item, DNS_CHECK_UNKNOWN,
				 "%s of " TEXT_FMT ": DNSSEC says bogus: %s",
				 dns_type_name(type), TEXT_ARG(name), reason);
		dns_findings_remedy(check->findings,
				    "mend the signatures or the DS of the "
				    "zone; see them: delv +vtrace " TEXT_FMT
				    " %s",
				    TEXT_ARG(name), dns_type_name(type));
		return true;
	}
	return true;
}

enum dns_severity
dns_check_wanted(const struct dns_check *check)
{
	return check->options->internet_nl ? DNS_CHECK_ERROR : DNS_CHECK_WARN;
}

const char *
dns_check_signed(enum dns_security security)
{
	return security == DNS_SECURE ? ", signed" : ", not signed";
}

bool
dns_check_publish(struct dns_check *check, enum plan_kind kind,
		  struct text name)
{
	const struct plan_record *record;
	bool any = false;

	for (record = check->plan->first; record != NULL;
	     record = record->next) {
		if (record->kind != kind ||
		    (name.len > 0 && !text_equal(record->name, name)))
			continue;
		if (!any)
			dns_findings_remedy(check->findings, "publish:");
		dns_findings_remedy(check->findings, "%s",
				    plan_line(check->arena, record));
		any = true;
	}
	return any;
}

static void
tell_several(struct dns_check *check, const char *item, struct text name,
	     const struct dns_answer *answer, bool (*is)(struct text))
{
	size_t i;

	dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
			 "several such records at " TEXT_FMT
			 ": readers take none of them",
			 TEXT_ARG(name));
	dns_findings_remedy(check->findings, "keep one, remove the others:");
	for (i = 0; i < answer->count; i++)
		if (is(answer->records[i].text))
			dns_findings_remedy(
			    check->findings, "%s",
			    plan_txt_line(check->arena, name,
					  answer->records[i].text));
}

enum dns_check_txt
dns_check_one_txt(struct dns_check *check, const char *item, struct text name,
		  bool (*is)(struct text), struct text *txt,
		  enum dns_security *security)
{
	const struct dns_answer *answer;
	size_t i, found = 0;

	dns_check_ask(check, name, DNS_TXT, &answer);
	if (dns_check_is_unknown(check, item, name, DNS_TXT, answer))
		return CHECK_TXT_UNKNOWN;
	*security = answer->security;
	if (answer->status != DNS_FOUND)
		return CHECK_TXT_NONE;
	for (i = 0; i < answer->count; i++)
		if (is(answer->records[i].text) && found++ == 0)
			*txt = answer->records[i].text;
	if (found <= 1)
		return found == 1 ? CHECK_TXT_ONE : CHECK_TXT_NONE;
	tell_several(check, item, name, answer, is);
	return CHECK_TXT_SEVERAL;
}

void
dns_check_all(struct dns_check *check)
{
	if (!check->settings->options.reports_only) {
		dns_check_mx(check);
		dns_check_addresses(check);
		dns_check_spf(check);
		dns_check_dkim(check);
	}
	dns_check_dmarc(check);
	dns_check_tlsrpt(check);
	if (!check->settings->options.reports_only) {
		dns_check_sts(check);
		dns_check_tlsa(check);
	}
}
