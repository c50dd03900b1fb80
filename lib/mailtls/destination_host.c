#include "mailtls/destination_host.h"

#include "base/arena.h"
#include "base/certificate.h"
#include "base/limits.h"

static void
settle(struct host_inquiry *inquiry, enum host_state state, const char *reason)
{
	inquiry->host->state = state;
	inquiry->host->reason = reason;
}

static void
settle_unknown(struct host_inquiry *inquiry, enum dns_type type,
	       const struct dns_answer *answer)
{
	settle(inquiry, HOST_UNKNOWN, answer->reason);
	inquiry->host->failed_type = type;
	inquiry->host->failed_status = answer->status;
}

static void
note_ttl(struct host_inquiry *inquiry, const struct dns_answer *answer)
{
	if (answer->ttl_s < inquiry->ttl_s)
		inquiry->ttl_s = answer->ttl_s;
}

static bool
is_failure(enum dns_status status)
{
	switch (status) {
	case DNS_FOUND:
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return false;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		return true;
	}
	return true;
}

/* --- addresses --- */

void
host_inquiry_begin(struct host_inquiry *inquiry)
{
	struct text name = inquiry->host->name.name;

	inquiry->ip4 = dns_ask(inquiry->arena, inquiry->resolver, name, DNS_A);
	inquiry->ip6 =
	    dns_ask(inquiry->arena, inquiry->resolver, name, DNS_AAAA);
	inquiry->alias =
	    dns_ask(inquiry->arena, inquiry->resolver, name, DNS_CNAME);
}

static void
take_addresses(struct host_inquiry *inquiry, const struct dns_answer *ip4,
	       const struct dns_answer *ip6)
{
	struct destination_host *host = inquiry->host;
	size_t four = ip4->status == DNS_FOUND ? ip4->count : 0;
	size_t six = ip6->status == DNS_FOUND ? ip6->count : 0;
	struct ipaddr *addresses =
	    arena_new_array(inquiry->arena, struct ipaddr, four + six);
	size_t i;

	for (i = 0; i < four; i++)
		addresses[i] = ip4->records[i].address;
	for (i = 0; i < six; i++)
		addresses[four + i] = ip6->records[i].address;
	host->addresses = addresses;
	host->address_count = four + six;
	host->security = DNS_SECURE;
	if (four > 0)
		host->security =
		    dns_security_weaker(host->security, ip4->security);
	if (six > 0)
		host->security =
		    dns_security_weaker(host->security, ip6->security);
}

/* One family is enough to go there, whatever became of the other. */
void
host_inquiry_addresses(struct host_inquiry *inquiry, struct deadline deadline)
{
	const struct dns_answer *ip4, *ip6;

	dns_wait(inquiry->ip4, deadline, &ip4);
	dns_wait(inquiry->ip6, deadline, &ip6);
	take_addresses(inquiry, ip4, ip6);
	note_ttl(inquiry, ip4);
	note_ttl(inquiry, ip6);
	if (inquiry->host->address_count > 0)
		return;
	inquiry->host->security = DNS_SECURITY_UNKNOWN;
	if (is_failure(ip4->status))
		settle_unknown(inquiry, DNS_A, ip4);
	else if (is_failure(ip6->status))
		settle_unknown(inquiry, DNS_AAAA, ip6);
	else
		settle(inquiry, HOST_ABSENT, "it has no address");
}

/* --- aliases --- */

static bool
follow(struct host_inquiry *inquiry, const struct dns_answer *answer)
{
	struct destination_host *host = inquiry->host;

	if (inquiry->aliases == 0)
		inquiry->first_alias_secure = answer->security == DNS_SECURE;
	if (++inquiry->aliases > LIMIT_TLS_ALIASES) {
		settle(inquiry, HOST_UNKNOWN, "more aliases than are followed");
		return false;
	}
	if (!domain_parse(inquiry->arena, answer->records[0].name,
			  &host->alias_of, NULL)) {
		settle(inquiry, HOST_UNKNOWN, "an alias of no host name");
		return false;
	}
	/* where an insecure chain ends does not count (RFC 7672 2.2.2) */
	if (host->security != DNS_SECURE)
		return false;
	inquiry->alias = dns_ask(inquiry->arena, inquiry->resolver,
				 host->alias_of.name, DNS_CNAME);
	return true;
}

bool
host_inquiry_alias(struct host_inquiry *inquiry, struct deadline deadline)
{
	const struct dns_answer *answer;

	if (inquiry->host->state != HOST_NOT_EVALUATED)
		return false;
	switch (dns_wait(inquiry->alias, deadline, &answer)) {
	case DNS_FOUND:
		note_ttl(inquiry, answer);
		return follow(inquiry, answer);
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		note_ttl(inquiry, answer);
		return false;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		settle_unknown(inquiry, DNS_CNAME, answer);
		return false;
	}
	return false;
}

/* --- TLSA --- */

static struct dns_question *
ask_tlsa(struct host_inquiry *inquiry, struct domain base)
{
	return dns_ask(
	    inquiry->arena, inquiry->resolver,
	    text_from(arena_printf(inquiry->arena, "_%u._tcp." TEXT_FMT,
				   inquiry->port, TEXT_ARG(base.name))),
	    DNS_TLSA);
}

void
host_inquiry_ask_tlsa(struct host_inquiry *inquiry)
{
	struct destination_host *host = inquiry->host;
	bool secure = host->security == DNS_SECURE;

	if (host->state != HOST_NOT_EVALUATED)
		return;
	if (!secure && !inquiry->first_alias_secure) {
		settle(inquiry, HOST_NO_DANE, "its addresses are not signed");
		return;
	}
	if (secure && domain_is_set(host->alias_of))
		inquiry->tlsa_alias = ask_tlsa(inquiry, host->alias_of);
	inquiry->tlsa_name = ask_tlsa(inquiry, host->name);
}

/* Matching type 0 is of use only if OpenSSL can read what it holds. */
static bool
is_usable(struct arena *arena, const struct tlsa *tlsa)
{
	struct certificate certificate;

	if (!tlsa_is_usable(tlsa, NULL))
		return false;
	if (tlsa->matching != 0)
		return true;
	return tlsa->selector == 0
		   ? certificate_parse(arena, tlsa->data, &certificate, NULL)
		   : certificate_key_is_readable(tlsa->data);
}

static void
take_tlsa(struct host_inquiry *inquiry, const struct dns_answer *answer,
	  struct domain base)
{
	struct destination_host *host = inquiry->host;
	struct tlsa *tlsa =
	    arena_new_array(inquiry->arena, struct tlsa, answer->count);
	size_t i;

	host->tlsa = tlsa;
	host->tlsa_base = base;
	for (i = 0; i < answer->count; i++) {
		if (!tlsa_parse(answer->records[i].text,
				&tlsa[host->tlsa_count], NULL))
			continue;
		if (is_usable(inquiry->arena, &tlsa[host->tlsa_count]))
			host->usable_count++;
		host->tlsa_count++;
	}
	if (host->usable_count > 0)
		settle(inquiry, HOST_USABLE, NULL);
	else
		settle(inquiry, HOST_UNUSABLE, "no TLSA record is of use");
}

/* True if the answer settles the matter; else another base may be asked. */
static bool
read_tlsa(struct host_inquiry *inquiry, const struct dns_answer *answer,
	  struct domain base)
{
	switch (answer->status) {
	case DNS_FOUND:
		note_ttl(inquiry, answer);
		if (answer->security == DNS_SECURE) {
			take_tlsa(inquiry, answer, base);
			return true;
		}
		inquiry->host->reason = "its TLSA records are not signed";
		return false;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		note_ttl(inquiry, answer);
		return false;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		settle_unknown(inquiry, DNS_TLSA, answer);
		return true;
	}
	return false;
}

void
host_inquiry_finish(struct host_inquiry *inquiry, struct deadline deadline)
{
	struct destination_host *host = inquiry->host;
	const struct dns_answer *answer;

	if (host->state != HOST_NOT_EVALUATED)
		return;
	if (inquiry->tlsa_alias != NULL) {
		dns_wait(inquiry->tlsa_alias, deadline, &answer);
		if (read_tlsa(inquiry, answer, host->alias_of))
			return;
	}
	dns_wait(inquiry->tlsa_name, deadline, &answer);
	if (read_tlsa(inquiry, answer, host->name))
		return;
	settle(inquiry, HOST_NO_DANE,
	       host->reason != NULL ? host->reason : "it has no TLSA record");
}
