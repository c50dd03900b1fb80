#include "admin/dns_check.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/utf8.h"

static const char item[] = "mx";

/* --- the addresses of one host --- */

static void
take_addresses(struct dns_check_host *host, const struct dns_answer *answer)
{
	size_t i;

	if (answer->status != DNS_FOUND)
		return;
	host->security = dns_security_weaker(host->security, answer->security);
	for (i = 0; i < answer->count; i++)
		if (host->address_count < CHECK_ADDRESSES_MOST)
			host->addresses[host->address_count++] =
			    answer->records[i].address;
}

static bool
has_family(const struct dns_check_host *host, uint8_t family)
{
	size_t i;

	for (i = 0; i < host->address_count; i++)
		if (host->addresses[i].family == family)
			return true;
	return false;
}

static void
tell_addresses(struct dns_check *check, const struct dns_check_host *host)
{
	struct text name = host->name.name;

	if (host->address_count == 0) {
		dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
				 TEXT_FMT " has no address: nobody can "
					  "deliver there",
				 TEXT_ARG(name));
		if (!dns_check_publish(check, PLAN_ADDRESS, name))
			dns_findings_remedy(check->findings,
					    "publish: " TEXT_FMT
					    ". A and AAAA, or take the MX away",
					    TEXT_ARG(name));
		return;
	}
	dns_findings_add(check->findings, item,
			 has_family(host, 6)	       ? DNS_CHECK_OK
			 : check->options->internet_nl ? DNS_CHECK_ERROR
						       : DNS_CHECK_OK,
			 TEXT_FMT " has %zu address%s%s%s", TEXT_ARG(name),
			 host->address_count,
			 host->address_count == 1 ? "" : "es",
			 has_family(host, 6) ? "" : ", none of IPv6",
			 dns_check_signed(host->security));
	if (!has_family(host, 6) && check->options->internet_nl)
		dns_findings_remedy(check->findings,
				    "publish: " TEXT_FMT
				    ". AAAA, and let the server listen there",
				    TEXT_ARG(name));
}

/* RFC 5321 section 5.1, RFC 2181 section 10.3.  False if it could not be
 * asked, as then nothing else of the host can. */
static bool
check_alias(struct dns_check *check, struct domain host)
{
	const struct dns_answer *answer;
	struct text target;

	dns_check_ask(check, host.name, DNS_CNAME, &answer);
	if (dns_check_is_unknown(check, item, host.name, DNS_CNAME, answer))
		return false;
	if (answer->status != DNS_FOUND || answer->count == 0)
		return true;
	target = utf8_for_log(check->arena, answer->records[0].name,
			      LIMIT_DOMAIN_BYTES);
	dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
			 TEXT_FMT " is an alias (CNAME) of " TEXT_FMT
				  ", which an MX host must not be",
			 TEXT_ARG(host.name), TEXT_ARG(target));
	dns_findings_remedy(check->findings,
			    "name " TEXT_FMT " in the MX, or give " TEXT_FMT
			    " addresses of its own",
			    TEXT_ARG(target), TEXT_ARG(host.name));
	return true;
}

static void
check_host(struct dns_check *check, struct dns_check_host *host)
{
	const struct dns_answer *ip4, *ip6;

	host->security = DNS_SECURE;
	if (!check_alias(check, host->name))
		return;
	dns_check_ask(check, host->name.name, DNS_A, &ip4);
	dns_check_ask(check, host->name.name, DNS_AAAA, &ip6);
	if (dns_check_is_unknown(check, item, host->name.name, DNS_A, ip4) ||
	    dns_check_is_unknown(check, item, host->name.name, DNS_AAAA, ip6))
		return;
	host->known = true;
	take_addresses(host, ip4);
	take_addresses(host, ip6);
	tell_addresses(check, host);
}

/* --- the MX records --- */

static bool
is_told(const struct dns_settings *settings, struct domain host)
{
	size_t i;

	for (i = 0; i < settings->mx_count; i++)
		if (domain_equal(settings->mx[i], host))
			return true;
	return false;
}

static bool
is_there(const struct dns_check *check, struct domain host)
{
	size_t i;

	for (i = 0; i < check->host_count; i++)
		if (domain_equal(check->hosts[i].name, host))
			return true;
	return false;
}

static void
tell_missing(struct dns_check *check)
{
	const struct dns_settings *settings = check->settings;
	bool told = settings->options.mx.count > 0;
	size_t i;

	for (i = 0; i < settings->mx_count; i++) {
		if (is_there(check, settings->mx[i]))
			continue;
		dns_findings_add(check->findings, item,
				 told ? DNS_CHECK_ERROR : DNS_CHECK_WARN,
				 TEXT_FMT " is not among them",
				 TEXT_ARG(settings->mx[i].name));
		if (told)
			dns_findings_remedy(
			    check->findings,
			    "publish:\n" TEXT_FMT ".\t%d\tMX\t10 " TEXT_FMT ".",
			    TEXT_ARG(settings->domain.name), PLAN_TTL_S,
			    TEXT_ARG(settings->mx[i].name));
		else
			dns_findings_remedy(
			    check->findings,
			    "publish it, or tell the right ones: [domain] mx "
			    "= ...");
	}
	for (i = 0; told && i < check->host_count; i++) {
		if (is_told(settings, check->hosts[i].name))
			continue;
		dns_findings_add(check->findings, item, DNS_CHECK_WARN,
				 TEXT_FMT " takes mail too, and is not told "
					  "in [domain] mx",
				 TEXT_ARG(check->hosts[i].name.name));
		dns_findings_remedy(check->findings,
				    "take it away, or add it to [domain] mx");
	}
}

static void
take_hosts(struct dns_check *check, const struct dns_answer *answer)
{
	struct dns_check_host *host;
	size_t i;

	for (i = 0; i < answer->count; i++) {
		if (check->host_count == CHECK_HOSTS_MOST)
			return;
		host = &check->hosts[check->host_count];
		if (domain_parse(check->arena, answer->records[i].name,
				 &host->name, NULL)) {
			if (!is_there(check, host->name))
				check->host_count++;
			continue;
		}
		dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
				 "\"" TEXT_FMT "\" is no host%s",
				 TEXT_ARG(answer->records[i].name),
				 answer->records[i].name.len == 0
				     ? ": the domain says that it takes no "
				       "mail (RFC 7505)"
				     : "");
		dns_check_publish(check, PLAN_MX, text_of(NULL, 0));
	}
}

static void
tell_records(struct dns_check *check, const struct dns_answer *answer)
{
	bool is_signed = answer->security == DNS_SECURE;

	if (check->host_count == 0)
		return;
	dns_findings_add(check->findings, item, DNS_CHECK_OK, "%zu host%s%s",
			 check->host_count, check->host_count == 1 ? "" : "s",
			 dns_check_signed(answer->security));
	if (is_signed)
		return;
	dns_findings_add(check->findings, "dnssec", dns_check_wanted(check),
			 "the zone of " TEXT_FMT
			 " is not signed: no sender can use DANE",
			 TEXT_ARG(check->settings->domain.name));
	dns_findings_remedy(check->findings,
			    "sign the zone and have its DS published by the "
			    "registrar");
}

void
dns_check_mx(struct dns_check *check)
{
	struct text name = check->settings->domain.name;
	const struct dns_answer *answer;
	size_t i;

	dns_check_ask(check, name, DNS_MX, &answer);
	if (dns_check_is_unknown(check, item, name, DNS_MX, answer))
		return;
	check->mx_known = true;
	check->mx_security = answer->security;
	if (answer->status != DNS_FOUND) {
		dns_findings_add(check->findings, item, DNS_CHECK_ERROR,
				 "there is no MX: mail finds the domain at "
				 "best by its address");
		dns_check_publish(check, PLAN_MX, text_of(NULL, 0));
		return;
	}
	take_hosts(check, answer);
	tell_records(check, answer);
	tell_missing(check);
	for (i = 0; i < check->host_count; i++)
		check_host(check, &check->hosts[i]);
}
