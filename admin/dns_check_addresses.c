#include "admin/dns_check.h"

#include "base/arena.h"
#include "mailauth/ptr_names.h"

static bool
has_address(const struct dns_answer *answer, const struct ipaddr *address)
{
	size_t i;

	for (i = 0; answer->status == DNS_FOUND && i < answer->count; i++)
		if (ipaddr_equal(&answer->records[i].address, address))
			return true;
	return false;
}

/* Whether the name in HELO leads to the address. */
static void
check_forward(struct dns_check *check, const struct ipaddr *address,
	      const char *written)
{
	struct text host = check->settings->hostname.name;
	enum dns_type type = address->family == 4 ? DNS_A : DNS_AAAA;
	const struct dns_answer *answer;

	dns_check_ask(check, host, type, &answer);
	if (dns_check_is_unknown(check, "helo", host, type, answer))
		return;
	if (has_address(answer, address)) {
		dns_findings_add(check->findings, "helo", DNS_CHECK_OK,
				 TEXT_FMT " is %s%s", TEXT_ARG(host), written,
				 dns_check_signed(answer->security));
		return;
	}
	dns_findings_add(check->findings, "helo", DNS_CHECK_ERROR,
			 TEXT_FMT ", our name in HELO, is not %s",
			 TEXT_ARG(host), written);
	dns_findings_remedy(
	    check->findings, "publish:\n" TEXT_FMT ".\t%d\t%s\t%s",
	    TEXT_ARG(host), PLAN_TTL_S, dns_type_name(type), written);
}

static void
remedy_ptr(struct dns_check *check, const struct ipaddr *address)
{
	struct text name = ipaddr_reverse_name(check->arena, address);

	dns_findings_remedy(check->findings,
			    "whoever gave you the address publishes:\n" TEXT_FMT
			    ".\t%d\tPTR\t" TEXT_FMT ".",
			    TEXT_ARG(name), PLAN_TTL_S,
			    TEXT_ARG(check->settings->hostname.name));
}

static void
tell_confirmed(struct dns_check *check, const struct ptr_names *ptr,
	       size_t index, const char *written)
{
	struct domain name = ptr->names[index].domain;
	bool same = domain_equal(name, check->settings->hostname);

	dns_findings_add(
	    check->findings, "ptr", same ? DNS_CHECK_OK : DNS_CHECK_WARN,
	    "%s is " TEXT_FMT ", and back%s", written, TEXT_ARG(name.name),
	    same ? "" : ", but our name in HELO is another");
	if (!same)
		remedy_ptr(check, &ptr->client);
}

/* Names that lead back, or whatever there is. */
static void
check_names(struct dns_check *check, struct ptr_names *ptr, const char *written)
{
	enum dns_status status;
	size_t i, chosen = ptr->count;

	for (i = 0; i < ptr->count; i++)
		ptr_names_ask(ptr, i);
	for (i = 0; i < ptr->count; i++) {
		status = ptr_names_confirm(ptr, i, dns_check_deadline(check));
		if (status == DNS_TEMPFAIL || status == DNS_BOGUS) {
			dns_findings_add(
			    check->findings, "ptr", DNS_CHECK_UNKNOWN,
			    "addresses of " TEXT_FMT ", the name of %s: %s",
			    TEXT_ARG(ptr->names[i].domain.name), written,
			    dns_status_name(status));
			return;
		}
		if (status == DNS_FOUND &&
		    (chosen == ptr->count ||
		     domain_equal(ptr->names[i].domain,
				  check->settings->hostname)))
			chosen = i;
	}
	if (chosen < ptr->count) {
		tell_confirmed(check, ptr, chosen, written);
		return;
	}
	dns_findings_add(check->findings, "ptr", DNS_CHECK_ERROR,
			 "%s is " TEXT_FMT ", which is not %s: many refuse "
			 "such mail",
			 written,
			 TEXT_ARG(ptr->count > 0 ? ptr->names[0].domain.name
						 : TEXT("no valid name")),
			 written);
	remedy_ptr(check, &ptr->client);
}

static void
check_reverse(struct dns_check *check, const struct ipaddr *address,
	      const char *written)
{
	struct ptr_names *ptr =
	    ptr_names_begin(check->arena, check->resolver, address);
	const struct dns_answer *answer;

	ptr_names_wait(ptr, dns_check_deadline(check));
	dns_wait(ptr->question, dns_check_deadline(check), &answer);
	if (dns_check_is_unknown(check, "ptr", ptr->question->name, DNS_PTR,
				 answer))
		return;
	if (answer->status == DNS_FOUND) {
		check_names(check, ptr, written);
		return;
	}
	dns_findings_add(check->findings, "ptr", DNS_CHECK_ERROR,
			 "%s has no name: many refuse its mail", written);
	remedy_ptr(check, address);
}

/* An address that nobody can see, and what to do about it. */
static bool
is_hidden(struct dns_check *check, const struct ipaddr *address,
	  const char *written)
{
	bool told = check->settings->addresses_are_told;

	if (ipaddr_is_global(address))
		return false;
	dns_findings_add(check->findings, "address", DNS_CHECK_WARN,
			 "%s is private: the world sees another address",
			 written);
	dns_findings_remedy(check->findings,
			    told ? "tell the one that the world sees: "
				   "[common] public_addresses"
				 : "tell it: [common] public_addresses = "
				   "ADDRESS, ...");
	return true;
}

void
dns_check_addresses(struct dns_check *check)
{
	const struct dns_settings *settings = check->settings;
	char written[IPADDR_STRING_BYTES];
	size_t i;

	if (settings->address_count == 0) {
		dns_findings_add(check->findings, "address", DNS_CHECK_WARN,
				 "this host has no address that mail could "
				 "come from");
		dns_findings_remedy(check->findings,
				    "tell them: [common] public_addresses = "
				    "ADDRESS, ...");
	}
	for (i = 0; i < settings->address_count; i++) {
		ipaddr_write(&settings->addresses[i], written);
		if (is_hidden(check, &settings->addresses[i], written))
			continue;
		check_forward(check, &settings->addresses[i], written);
		check_reverse(check, &settings->addresses[i], written);
	}
}
