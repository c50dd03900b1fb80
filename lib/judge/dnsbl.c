#include "judge/dnsbl.h"

#include "base/arena.h"
#include "base/limits.h"

struct dnsbl_check {
	const struct domain *zones;
	struct dns_question *questions[LIMIT_DNSBL_ZONES];
	size_t count;
};

/* "2.0.0.127" + "." + zone: the reverse name without its own zone. */
static struct text
query_name(struct arena *arena, struct text reverse, struct domain zone)
{
	static const struct text ends[] = {TEXT_INIT("in-addr.arpa"),
					   TEXT_INIT("ip6.arpa")};
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (text_ends_nocase(reverse, ends[i]))
			reverse.len -= ends[i].len;
	return text_from(arena_printf(arena, TEXT_FMT TEXT_FMT,
				      TEXT_ARG(reverse),
				      TEXT_ARG(zone.name)));
}

struct dnsbl_check *
dnsbl_begin(struct arena *arena, struct resolver *resolver,
	    const struct ipaddr *client, const struct domain *zones,
	    size_t count)
{
	struct dnsbl_check *check;
	struct text reverse;
	size_t i;

	if (client->family == 0 || count == 0)
		return NULL;
	check = arena_new_value(arena, struct dnsbl_check);
	check->zones = zones;
	check->count = count < LIMIT_DNSBL_ZONES ? count : LIMIT_DNSBL_ZONES;
	reverse = ipaddr_reverse_name(arena, client);
	for (i = 0; i < check->count; i++)
		check->questions[i] =
		    dns_ask(arena, resolver,
			    query_name(arena, reverse, zones[i]), DNS_A);
	return check;
}

static bool
is_listing(const struct ipaddr *code)
{
	if (code->bytes[0] != 127)
		return false;
	if (code->bytes[1] == 255 && code->bytes[2] == 255)
		return false;
	return code->bytes[1] != 0 || code->bytes[2] != 0 ||
	       code->bytes[3] > 1;
}

/* What one list says; an answer that is no listing is one of trouble. */
static enum dnsbl_result
read_answer(const struct dns_answer *answer, struct ipaddr *code)
{
	size_t i;

	switch (answer->status) {
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return DNSBL_CLEAR;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		return DNSBL_TEMPERROR;
	case DNS_FOUND:
		break;
	}
	for (i = 0; i < answer->count; i++)
		if (is_listing(&answer->records[i].address)) {
			*code = answer->records[i].address;
			return DNSBL_LISTED;
		}
	return DNSBL_TEMPERROR;
}

void
dnsbl_finish(struct dnsbl_check *check, struct deadline deadline,
	     struct dnsbl_verdict *verdict)
{
	const struct dns_answer *answer;
	enum dnsbl_result one;
	size_t i;

	memset(verdict, 0, sizeof(*verdict));
	if (check == NULL)
		return;
	verdict->result = DNSBL_CLEAR;
	for (i = 0; i < check->count; i++) {
		dns_wait(check->questions[i], deadline, &answer);
		one = read_answer(answer, &verdict->code);
		if (one == DNSBL_CLEAR)
			continue;
		if (one == DNSBL_LISTED || verdict->result == DNSBL_CLEAR) {
			verdict->result = one;
			verdict->zone = check->zones[i];
		}
		if (one == DNSBL_LISTED)
			return;
	}
}

const char *
dnsbl_result_name(enum dnsbl_result result)
{
	switch (result) {
	case DNSBL_NOT_EVALUATED:
		return "not evaluated";
	case DNSBL_CLEAR:
		return "clear";
	case DNSBL_LISTED:
		return "listed";
	case DNSBL_TEMPERROR:
		return "temperror";
	}
	return "not evaluated";
}
