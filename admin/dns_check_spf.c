#include "admin/dns_check.h"

#include "base/arena.h"
#include "base/why.h"
#include "mailauth/spf_record.h"

static const char item[] = "spf";

/* An address that is nobody's (RFC 5737): what others are told. */
static const struct ipaddr stranger = {.family = 4, .bytes = {192, 0, 2, 255}};

static void
evaluate(struct dns_check *check, const struct ipaddr *client, bool helo,
	 struct spf_verdict *verdict)
{
	const struct dns_settings *settings = check->settings;
	struct spf_query query = {
	    .client = *client,
	    .helo = settings->hostname.name,
	    .receiver = settings->hostname.name,
	    .now_s = check->now_s,
	};

	if (!helo)
		query.sender =
		    text_from(arena_printf(check->arena, "postmaster@" TEXT_FMT,
					   TEXT_ARG(settings->domain.name)));
	spf_finish(spf_begin(check->arena, check->resolver, &query),
		   dns_check_deadline(check), verdict);
}

/* The record that is there, with one more mechanism in front. */
static void
remedy_address(struct dns_check *check, struct text txt,
	       const struct ipaddr *address, const char *written)
{
	const char *text = arena_printf(
	    check->arena, "v=spf1 ip%u:%s" TEXT_FMT, address->family, written,
	    TEXT_ARG(text_skip(txt, sizeof("v=spf1") - 1)));

	dns_findings_remedy(check->findings, "publish instead:\n%s",
			    plan_txt_line(check->arena,
					  check->settings->domain.name,
					  text_from(text)));
}

static void
tell_unknown(struct dns_check *check, const struct ipaddr *client,
	     const struct spf_verdict *verdict)
{
	char written[IPADDR_STRING_BYTES];

	ipaddr_write(client, written);
	dns_findings_add(
	    check->findings, item, DNS_CHECK_UNKNOWN, "for %s: %s", written,
	    verdict->reason != NULL ? verdict->reason : "no answer");
	dns_findings_remedy(check->findings,
			    "see which name of the record does not answer: "
			    "signet explain --client %s",
			    written);
}

static void
check_address(struct dns_check *check, struct text txt,
	      const struct ipaddr *address)
{
	char written[IPADDR_STRING_BYTES];
	struct spf_verdict verdict;

	ipaddr_write(address, written);
	evaluate(check, address, false, &verdict);
	if (verdict.result == SPF_TEMPERROR) {
		tell_unknown(check, address, &verdict);
		return;
	}
	dns_findings_add(
	    check->findings, item,
	    verdict.result == SPF_PASS ? DNS_CHECK_OK : DNS_CHECK_ERROR,
	    "%s may%s send: %s%s%s", written,
	    verdict.result == SPF_PASS ? "" : " not",
	    spf_result_name(verdict.result), verdict.reason != NULL ? ", " : "",
	    verdict.reason != NULL ? verdict.reason : "");
	if (verdict.result != SPF_PASS && verdict.result != SPF_PERMERROR)
		remedy_address(check, txt, address, written);
}

/* What the record says of everybody else, and what that costs. */
static void
check_stranger(struct dns_check *check)
{
	struct spf_verdict verdict;

	evaluate(check, &stranger, false, &verdict);
	switch (verdict.result) {
	case SPF_TEMPERROR:
		tell_unknown(check, &stranger, &verdict);
		return;
	case SPF_PERMERROR:
		dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
				 "receivers take it for broken: %s",
				 verdict.reason);
		dns_findings_remedy(check->findings,
				    "publish a record that asks less: ip4 and "
				    "ip6 in place of include, a and mx");
		return;
	case SPF_FAIL:
	case SPF_SOFTFAIL:
		dns_findings_add(check->findings, item, DNS_CHECK_OK,
				 "others may not: %s; %u of 10 lookups%s",
				 spf_result_name(verdict.result),
				 verdict.lookups,
				 dns_check_signed(verdict.security));
		return;
	case SPF_PASS:
		dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
				 "everybody may send for the domain");
		dns_check_publish(check, PLAN_SPF, text_of(NULL, 0));
		return;
	case SPF_NONE:
	case SPF_NEUTRAL:
	case SPF_NOT_EVALUATED:
		dns_findings_add(check->findings, item, dns_check_wanted(check),
				 "the record says nothing of others");
		dns_findings_remedy(check->findings,
				    "end it with \"~all\" or \"-all\"");
		return;
	}
}

/* Whose sender is empty is judged by its name (RFC 7208 section 2.4). */
static void
check_helo(struct dns_check *check, const struct ipaddr *address)
{
	struct text host = check->settings->hostname.name;
	char written[IPADDR_STRING_BYTES];
	struct spf_verdict verdict;

	ipaddr_write(address, written);
	evaluate(check, address, true, &verdict);
	if (verdict.result == SPF_TEMPERROR) {
		tell_unknown(check, address, &verdict);
		return;
	}
	if (verdict.result == SPF_PASS) {
		dns_findings_add(check->findings, item, DNS_CHECK_OK,
				 "%s may say HELO " TEXT_FMT, written,
				 TEXT_ARG(host));
		return;
	}
	dns_findings_add(
	    check->findings, item,
	    verdict.result == SPF_NONE ? DNS_CHECK_WARN : DNS_CHECK_ERROR,
	    "%s saying HELO " TEXT_FMT ": %s, which counts for bounces",
	    written, TEXT_ARG(host), spf_result_name(verdict.result));
	dns_check_publish(check, PLAN_HELO_SPF, host);
}

static void
check_record(struct dns_check *check, struct text txt)
{
	const struct dns_settings *settings = check->settings;
	struct spf_record record;
	struct why why;
	size_t i;

	if (!spf_record_parse(check->arena, txt, &record, &why)) {
		dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
				 "the record is broken: %s", why.text);
		dns_check_publish(check, PLAN_SPF, text_of(NULL, 0));
		return;
	}
	for (i = 0; i < settings->address_count; i++)
		if (ipaddr_is_global(&settings->addresses[i]))
			check_address(check, txt, &settings->addresses[i]);
	check_stranger(check);
}

void
dns_check_spf(struct dns_check *check)
{
	const struct dns_settings *settings = check->settings;
	enum dns_security security;
	struct text txt;
	size_t i;

	switch (dns_check_one_txt(check, item, settings->domain.name,
				  spf_record_is, &txt, &security)) {
	case CHECK_TXT_UNKNOWN:
	case CHECK_TXT_SEVERAL:
		break;
	case CHECK_TXT_NONE:
		dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
				 "there is no record: anybody may send for "
				 "the domain");
		dns_check_publish(check, PLAN_SPF, text_of(NULL, 0));
		break;
	case CHECK_TXT_ONE:
		check_record(check, txt);
		break;
	}
	if (domain_equal(settings->hostname, settings->domain))
		return;
	for (i = 0; i < settings->address_count; i++)
		if (ipaddr_is_global(&settings->addresses[i]))
			check_helo(check, &settings->addresses[i]);
}
