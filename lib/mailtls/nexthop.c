#include "mailtls/nexthop.h"

#include "base/ipaddr.h"
#include "base/utf8.h"
#include "base/why.h"

/* By number, or by a name that stands in every /etc/services. */
static bool
parse_port(struct text text, uint16_t *port)
{
	static const struct {
		struct text name;
		uint16_t port;
	} services[] = {{TEXT_INIT("smtp"), 25},
			{TEXT_INIT("submission"), 587},
			{TEXT_INIT("submissions"), 465},
			{TEXT_INIT("smtps"), 465}};
	uint64_t number;
	size_t i;

	for (i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (text_equal_nocase(text, services[i].name)) {
			*port = services[i].port;
			return true;
		}
	if (!text_to_u64(text, UINT16_MAX, &number) || number == 0)
		return false;
	*port = (uint16_t)number;
	return true;
}

static bool
is_address(struct text text)
{
	struct ipaddr address;

	if (text_starts_nocase(text, TEXT("ipv6:")))
		text = text_skip(text, 5);
	return ipaddr_parse(text, &address);
}

/* What cannot be a name of the DNS has no policy.  But one that IDNA does not
 * convert may be a name to a mail server that is less strict. */
static void
take_name(struct arena *arena, struct text name, enum nexthop_kind kind,
	  struct nexthop *nexthop, struct why *why)
{
	if (domain_parse(arena, name, &nexthop->domain, why))
		nexthop->kind = kind;
	else if (text_is_ascii(name))
		nexthop->kind = NEXTHOP_OTHER;
	else
		nexthop->kind = NEXTHOP_UNKNOWN;
}

/* [host], [host]:port */
static void
parse_brackets(struct arena *arena, struct text key, struct nexthop *nexthop,
	       struct why *why)
{
	size_t end = text_find_last(key, ']');
	struct text inside = text_skip(text_first(key, end), 1);
	struct text behind = text_skip(key, end + 1);

	nexthop->kind = NEXTHOP_OTHER;
	if (end == key.len)
		return;
	if (behind.len > 0 &&
	    (behind.at[0] != ':' ||
	     !parse_port(text_skip(behind, 1), &nexthop->port)))
		nexthop->port = 0;
	if (is_address(inside))
		nexthop->kind = NEXTHOP_ADDRESS;
	else
		take_name(arena, inside, NEXTHOP_HOST, nexthop, why);
}

static void
parse_domain(struct arena *arena, struct text key, struct nexthop *nexthop,
	     struct why *why)
{
	size_t colon = text_find(key, ':');

	if (is_address(key)) {
		nexthop->kind = NEXTHOP_ADDRESS;
		return;
	}
	take_name(arena, text_first(key, colon), NEXTHOP_DOMAIN, nexthop, why);
	if (nexthop->kind != NEXTHOP_DOMAIN || colon == key.len ||
	    parse_port(text_skip(key, colon + 1), &nexthop->port))
		return;
	nexthop->kind = NEXTHOP_UNKNOWN;
	why_set(why, "the port of the next hop is none that is known");
}

void
nexthop_parse(struct arena *arena, struct text key, struct nexthop *nexthop,
	      struct why *why)
{
	*nexthop = (struct nexthop){.port = NEXTHOP_PORT};
	if (key.len == 0) {
		nexthop->kind = NEXTHOP_OTHER;
	} else if (key.at[0] == '[') {
		parse_brackets(arena, key, nexthop, why);
	} else if (key.at[0] == '.') {
		nexthop->kind = NEXTHOP_PARENT;
		domain_parse(arena, text_skip(key, 1), &nexthop->domain, NULL);
	} else {
		parse_domain(arena, key, nexthop, why);
	}
}

const char *
nexthop_kind_name(enum nexthop_kind kind)
{
	switch (kind) {
	case NEXTHOP_UNSET:
		return "not evaluated";
	case NEXTHOP_DOMAIN:
		return "domain";
	case NEXTHOP_HOST:
		return "host";
	case NEXTHOP_ADDRESS:
		return "address";
	case NEXTHOP_PARENT:
		return "parent";
	case NEXTHOP_OTHER:
		return "other";
	case NEXTHOP_UNKNOWN:
		return "unknown";
	}
	return "not evaluated";
}
