#include "io/https_target.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/dns.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"
#include "io/clock.h"

/* How long a second kind of address is waited for when the first is there
 * (RFC 8305 section 3 has 50 ms). */
#define OTHER_FAMILY_MS 200

static bool
is_url_char(char c)
{
	return c > ' ' && c <= '~' && c != '#' && c != '\\';
}

static bool
is_host_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-' || c == '_' ||
	       c == '.';
}

/* To some, what ends in a number is an address (RFC 3986 section 7.4). */
static bool
ends_in_number(struct text host)
{
	size_t dot = text_find_last(host, '.');
	struct text last = dot < host.len ? text_skip(host, dot + 1) : host;

	return last.len > 0 && ascii_is_digit(last.at[0]);
}

bool
https_target_parse(struct arena *arena, struct text url, uint16_t port,
		   struct https_target *target, struct why *why)
{
	struct text host;
	uint64_t number = port;
	struct scan in;

	scan_init(&in, url);
	if (!scan_string_nocase(&in, "https://"))
		return why_set(why, "not the URL of an HTTPS server");
	host = scan_while(&in, is_host_char);
	if (!domain_parse(arena, host, &target->host, NULL) ||
	    ends_in_number(target->host.name))
		return why_set(why, "the host of the URL is no name");
	if (scan_char(&in, ':') &&
	    (!scan_u64(&in, UINT16_MAX, &number) || number == 0))
		return why_set(why, "a URL with a wrong port");
	target->port = (uint16_t)number;
	if (scan_at_end(&in)) {
		target->path = TEXT("/");
		return true;
	}
	if (scan_peek(&in) != '/')
		return why_set(why, "a URL with more than host and path");
	target->path = scan_while(&in, is_url_char);
	return scan_at_end(&in) ? true
				: why_set(why, "a URL with odd characters");
}

bool
https_target_is_allowed(const struct ipaddr *address,
			const struct ipnet *allowed, size_t count)
{
	size_t i;

	if (ipaddr_is_global(address))
		return true;
	for (i = 0; i < count; i++)
		if (ipnet_contains(&allowed[i], address))
			return true;
	return false;
}

static size_t
add_addresses(const struct dns_answer *answer, const struct ipnet *allowed,
	      size_t count, struct buf *list)
{
	char string[IPADDR_STRING_BYTES];
	size_t i, added = 0;

	for (i = 0; i < answer->count && added < LIMIT_HTTPS_ADDRESSES; i++) {
		const struct ipaddr *address = &answer->records[i].address;

		if (!https_target_is_allowed(address, allowed, count))
			continue;
		if (list->len > 0)
			buf_char(list, ',');
		ipaddr_write(address, string);
		if (address->family == 6)
			buf_printf(list, "[%s]", string);
		else
			buf_string(list, string);
		added++;
	}
	return added;
}

static bool
is_failed(const struct dns_answer *answer)
{
	return answer->status == DNS_TEMPFAIL || answer->status == DNS_BOGUS;
}

/* Why there is no address to go to. */
static enum https_result
no_address(struct domain host, const struct dns_answer *ip4,
	   const struct dns_answer *ip6, struct why *why)
{
	if (ip4->status == DNS_FOUND || ip6->status == DNS_FOUND) {
		why_set(why, TEXT_FMT " has no address in the Internet",
			TEXT_ARG(host.name));
		return HTTPS_FORBIDDEN;
	}
	if (is_failed(ip4) || is_failed(ip6)) {
		why_set(why, "the addresses of " TEXT_FMT ": %s",
			TEXT_ARG(host.name),
			is_failed(ip4) ? ip4->reason : ip6->reason);
		return HTTPS_DNS_FAILED;
	}
	why_set(why, TEXT_FMT " has no address", TEXT_ARG(host.name));
	return HTTPS_NO_HOST;
}

enum https_result
https_target_resolve(struct arena *arena, struct resolver *resolver,
		     struct domain host, const struct ipnet *allowed,
		     size_t count, struct deadline deadline, struct buf *list,
		     struct why *why)
{
	struct dns_question *ask4, *ask6;
	const struct dns_answer *ip4, *ip6;
	size_t added;

	ask6 = dns_ask(arena, resolver, host.name, DNS_AAAA);
	ask4 = dns_ask(arena, resolver, host.name, DNS_A);
	if (dns_wait(ask4, deadline, &ip4) == DNS_FOUND)
		deadline = deadline_earlier(deadline,
					    clock_deadline_in(OTHER_FAMILY_MS));
	dns_wait(ask6, deadline, &ip6);
	added = add_addresses(ip6, allowed, count, list);
	added += add_addresses(ip4, allowed, count, list);
	return added > 0 ? HTTPS_NOT_TRIED : no_address(host, ip4, ip6, why);
}
