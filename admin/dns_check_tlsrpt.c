#include "admin/dns_check.h"

#include "base/arena.h"
#include "base/why.h"
#include "mailauth/report_uri.h"
#include "mailtls/tlsrpt_record.h"

/* One record, of the domain or of an MX host. */
struct tlsrpt_check {
	struct dns_check *check;
	const char *item;
	enum plan_kind kind;
	const char *what; /* it is about */
	struct text name;
	const struct config_strings *told;
};

static bool
names(const struct tlsrpt_check *tlsrpt, const struct tlsrpt_record *record,
      const char *address)
{
	const struct tlsrpt_uri *one;
	struct report_uri uri;

	for (one = record->rua; one != NULL; one = one->next) {
		report_uri_parse(tlsrpt->check->arena, one->uri, &uri);
		if (uri.kind == REPORT_URI_MAILTO &&
		    text_equal_nocase(uri.address, text_from(address)))
			return true;
	}
	return false;
}

static void
check_record(const struct tlsrpt_check *tlsrpt, struct text txt,
	     enum dns_security security)
{
	struct dns_findings *findings = tlsrpt->check->findings;
	struct tlsrpt_record record;
	struct why why;
	size_t i;

	if (!tlsrpt_record_parse(tlsrpt->check->arena, txt, &record, &why)) {
		dns_findings_add(findings, tlsrpt->item, DNS_CHECK_ERROR,
				 "the record at " TEXT_FMT " is broken: %s",
				 TEXT_ARG(tlsrpt->name), why.text);
		dns_check_publish(tlsrpt->check, tlsrpt->kind, tlsrpt->name);
		return;
	}
	for (i = 0; i < tlsrpt->told->count; i++) {
		if (names(tlsrpt, &record, tlsrpt->told->values[i]))
			continue;
		dns_findings_add(findings, tlsrpt->item, DNS_CHECK_ERROR,
				 "rua at " TEXT_FMT " does not name %s",
				 TEXT_ARG(tlsrpt->name),
				 tlsrpt->told->values[i]);
		dns_check_publish(tlsrpt->check, tlsrpt->kind, tlsrpt->name);
		return;
	}
	dns_findings_add(findings, tlsrpt->item, DNS_CHECK_OK,
			 "reports about %s go to " TEXT_FMT "%s%s",
			 tlsrpt->what, TEXT_ARG(record.rua->uri),
			 record.count > 1 ? " and others" : "",
			 dns_check_signed(security));
}

static void
check_one(const struct tlsrpt_check *tlsrpt)
{
	struct dns_findings *findings = tlsrpt->check->findings;
	enum dns_security security;
	struct text txt;

	switch (dns_check_one_txt(tlsrpt->check, tlsrpt->item, tlsrpt->name,
				  tlsrpt_record_is, &txt, &security)) {
	case CHECK_TXT_UNKNOWN:
	case CHECK_TXT_SEVERAL:
		return;
	case CHECK_TXT_ONE:
		check_record(tlsrpt, txt, security);
		return;
	case CHECK_TXT_NONE:
		break;
	}
	dns_findings_add(findings, tlsrpt->item,
			 tlsrpt->told->count > 0 ? DNS_CHECK_ERROR
						 : DNS_CHECK_WARN,
			 "no record at " TEXT_FMT ": nobody reports about %s",
			 TEXT_ARG(tlsrpt->name), tlsrpt->what);
	if (!dns_check_publish(tlsrpt->check, tlsrpt->kind, tlsrpt->name))
		dns_findings_remedy(
		    findings, "tell an address: [domain] %s = tls@" TEXT_FMT,
		    tlsrpt->kind == PLAN_TLSRPT ? "tlsrpt_rua"
						: "host_tlsrpt_rua",
		    TEXT_ARG(tlsrpt->check->settings->domain.name));
}

static struct text
name_of(struct dns_check *check, struct domain domain)
{
	return text_from(arena_printf(check->arena, "_smtp._tls." TEXT_FMT,
				      TEXT_ARG(domain.name)));
}

/* Hosts of others have their own owners. */
static bool
is_ours(const struct dns_check *check, struct domain host)
{
	const struct dns_settings *settings = check->settings;
	size_t i;

	for (i = 0; i < settings->mx_count; i++)
		if (domain_equal(settings->mx[i], host))
			return true;
	return false;
}

static void
check_host(struct dns_check *check, struct domain host)
{
	struct tlsrpt_check tlsrpt = {
	    .check = check,
	    .item = "host-tlsrpt",
	    .kind = PLAN_HOST_TLSRPT,
	    .what = arena_printf(check->arena, TEXT_FMT " (DANE)",
				 TEXT_ARG(host.name)),
	    .name = name_of(check, host),
	    .told = &check->settings->options.host_tlsrpt_rua};

	check_one(&tlsrpt);
}

void
dns_check_tlsrpt(struct dns_check *check)
{
	const struct dns_settings *settings = check->settings;
	struct tlsrpt_check tlsrpt = {.check = check,
				      .item = "tlsrpt",
				      .kind = PLAN_TLSRPT,
				      .what = "the way to the domain (MTA-STS)",
				      .name = name_of(check, settings->domain),
				      .told = &settings->options.tlsrpt_rua};
	size_t i;

	check_one(&tlsrpt);
	for (i = 0; i < check->host_count; i++)
		if (is_ours(check, check->hosts[i].name) &&
		    !domain_equal(check->hosts[i].name, settings->domain))
			check_host(check, check->hosts[i].name);
}
