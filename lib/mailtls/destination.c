#include "mailtls/destination.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/limits.h"
#include "mailtls/destination_host.h"

/* How long it may count that a host could not be asked: its questions may
 * take all of a deadline each time. */
#define UNKNOWN_TTL_S 60

struct destination_inquiry {
	struct arena *arena;
	struct resolver *resolver;
	struct domain domain;
	uint16_t port;
	struct dns_question *mx;
};

struct destination_inquiry *
destination_begin(struct arena *arena, struct resolver *resolver,
		  struct domain domain, uint16_t port)
{
	struct destination_inquiry *inquiry =
	    arena_new_value(arena, struct destination_inquiry);

	inquiry->arena = arena;
	inquiry->resolver = resolver;
	inquiry->domain = domain;
	inquiry->port = port;
	inquiry->mx = dns_ask(arena, resolver, domain.name, DNS_MX);
	return inquiry;
}

/* --- MX --- */

static int
compare_hosts(const void *left, const void *right)
{
	const struct destination_host *a = left, *b = right;

	if (a->preference != b->preference)
		return a->preference < b->preference ? -1 : 1;
	return text_compare(a->name.name, b->name.name);
}

/* A host that stands there twice counts where it is preferred. */
static bool
is_listed(const struct destination_host *hosts, size_t count,
	  const struct destination_host *host)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (domain_is_set(host->name) &&
		    domain_equal(hosts[i].name, host->name))
			return true;
	return false;
}

static size_t
drop_doubles(struct destination_host *hosts, size_t count)
{
	size_t kept = 0, i;

	for (i = 0; i < count; i++)
		if (!is_listed(hosts, kept, &hosts[i]))
			hosts[kept++] = hosts[i];
	return kept;
}

/* "." beside others is passed over (RFC 7505 section 3), and so is what no
 * host can be called. */
static struct destination_host *
take_hosts(struct destination_inquiry *inquiry, const struct dns_answer *answer,
	   size_t *count)
{
	struct destination_host *hosts = arena_new_array(
	    inquiry->arena, struct destination_host, answer->count);
	size_t i;

	*count = 0;
	for (i = 0; i < answer->count; i++) {
		struct destination_host *host = &hosts[*count];
		const struct dns_record *record = &answer->records[i];

		if (record->name.len == 0)
			continue;
		*host =
		    (struct destination_host){.preference = record->preference};
		if (!domain_parse(inquiry->arena, record->name, &host->name,
				  NULL)) {
			host->state = HOST_ABSENT;
			host->reason = "no host can have that name";
			host->name.name = text_of(NULL, 0);
		}
		(*count)++;
	}
	qsort(hosts, *count, sizeof(*hosts), compare_hosts);
	*count = drop_doubles(hosts, *count);
	return hosts;
}

static void
decide(struct destination *destination, enum destination_state state,
       const char *reason)
{
	destination->state = state;
	destination->reason = reason;
}

static struct destination_host *
take_mx(struct destination_inquiry *inquiry, struct deadline deadline,
	struct destination *destination)
{
	struct destination_host *hosts = NULL;
	const struct dns_answer *answer;

	destination->mx_status = dns_wait(inquiry->mx, deadline, &answer);
	destination->mx_security = answer->security;
	destination->ttl_s = answer->ttl_s;
	switch (answer->status) {
	case DNS_FOUND:
		hosts = take_hosts(inquiry, answer, &destination->count);
		if (destination->count == 0)
			decide(destination, DESTINATION_NULL_MX,
			       "it takes no mail (null MX)");
		break;
	case DNS_NODATA:
		destination->is_implicit = true;
		destination->count = 1;
		hosts =
		    arena_new_value(inquiry->arena, struct destination_host);
		hosts->name = inquiry->domain;
		break;
	case DNS_NXDOMAIN:
		decide(destination, DESTINATION_ABSENT,
		       "there is no such name");
		break;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		decide(destination, DESTINATION_UNKNOWN, answer->reason);
		destination->ttl_s = 0;
		break;
	}
	destination->hosts = hosts;
	return hosts;
}

/* --- hosts --- */

static void
begin_hosts(struct destination_inquiry *inquiry, struct host_inquiry *each,
	    struct destination_host *hosts, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		each[i] = (struct host_inquiry){.arena = inquiry->arena,
						.resolver = inquiry->resolver,
						.port = inquiry->port,
						.host = &hosts[i],
						.ttl_s = UINT32_MAX};
		if (hosts[i].state == HOST_NOT_EVALUATED)
			host_inquiry_begin(&each[i]);
	}
}

static void
follow_aliases(struct host_inquiry *each, size_t count,
	       struct deadline deadline)
{
	bool *more =
	    arena_new_array(each->arena, bool, count); /* alias to look at */
	bool any = true;
	size_t i;

	for (i = 0; i < count; i++)
		more[i] = true;
	while (any) {
		any = false;
		for (i = 0; i < count; i++)
			if (more[i] &&
			    (more[i] = host_inquiry_alias(&each[i], deadline)))
				any = true;
	}
}

static void
ask_hosts(struct destination_inquiry *inquiry, struct deadline deadline,
	  struct destination_host *hosts, struct destination *destination)
{
	size_t count = destination->count < LIMIT_TLS_HOSTS ? destination->count
							    : LIMIT_TLS_HOSTS;
	struct host_inquiry *each =
	    arena_new_array(inquiry->arena, struct host_inquiry, count);
	struct deadline earlier = {deadline.at_ms - DESTINATION_LAST_MS};
	size_t i;

	begin_hosts(inquiry, each, hosts, count);
	for (i = 0; i < count; i++)
		if (hosts[i].state == HOST_NOT_EVALUATED)
			host_inquiry_addresses(&each[i], earlier);
	follow_aliases(each, count, earlier);
	for (i = 0; i < count; i++)
		host_inquiry_ask_tlsa(&each[i]);
	for (i = 0; i < count; i++) {
		host_inquiry_finish(&each[i], deadline);
		if (each[i].ttl_s < destination->ttl_s)
			destination->ttl_s = each[i].ttl_s;
	}
	for (; i < destination->count; i++) {
		hosts[i].state = HOST_UNKNOWN;
		hosts[i].reason = "more hosts than are asked about";
	}
}

/* RFC 7672 section 2.2.1 */
static void
pass_over_hosts(struct destination_host *hosts, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (hosts[i].state != HOST_NOT_EVALUATED)
			continue;
		hosts[i].state = HOST_NO_DANE;
		hosts[i].reason = "the MX records are not signed";
	}
}

static enum dane_state
dane_of(size_t present, const size_t number[HOST_ABSENT + 1])
{
	if (number[HOST_UNKNOWN] == present)
		return DANE_UNKNOWN;
	if (number[HOST_NO_DANE] == present)
		return DANE_NONE;
	if (number[HOST_UNUSABLE] == present)
		return DANE_UNUSABLE;
	if (number[HOST_USABLE] > 0 &&
	    number[HOST_USABLE] + number[HOST_UNKNOWN] == present)
		return DANE_ALL;
	return DANE_SOME;
}

static void
sum_up(struct destination *destination)
{
	size_t number[HOST_ABSENT + 1] = {0};
	size_t i, present;

	for (i = 0; i < destination->count; i++)
		number[destination->hosts[i].state]++;
	present = destination->count - number[HOST_ABSENT];
	if (present == 0) {
		decide(destination, DESTINATION_ABSENT,
		       destination->is_implicit
			   ? "it has neither MX nor address"
			   : "no MX host has an address");
		return;
	}
	destination->state = DESTINATION_HOSTS;
	destination->dane = dane_of(present, number);
	if (destination->dane == DANE_UNKNOWN)
		destination->ttl_s = 0;
	else if (number[HOST_UNKNOWN] > 0 && destination->ttl_s > UNKNOWN_TTL_S)
		destination->ttl_s = UNKNOWN_TTL_S;
}

void
destination_finish(struct destination_inquiry *inquiry,
		   struct deadline deadline, struct destination *destination)
{
	struct destination_host *hosts;

	*destination = (struct destination){.domain = inquiry->domain,
					    .port = inquiry->port};
	hosts = take_mx(inquiry, deadline, destination);
	if (destination->state != DESTINATION_NOT_EVALUATED)
		return;
	if (destination->is_implicit || destination->mx_security == DNS_SECURE)
		ask_hosts(inquiry, deadline, hosts, destination);
	else
		pass_over_hosts(hosts, destination->count);
	sum_up(destination);
}

/* --- words --- */

const char *
destination_state_name(enum destination_state state)
{
	switch (state) {
	case DESTINATION_NOT_EVALUATED:
		return "not evaluated";
	case DESTINATION_HOSTS:
		return "hosts";
	case DESTINATION_ABSENT:
		return "absent";
	case DESTINATION_NULL_MX:
		return "null-mx";
	case DESTINATION_UNKNOWN:
		return "unknown";
	}
	return "not evaluated";
}

const char *
host_state_name(enum host_state state)
{
	switch (state) {
	case HOST_NOT_EVALUATED:
		return "not evaluated";
	case HOST_NO_DANE:
		return "none";
	case HOST_USABLE:
		return "usable";
	case HOST_UNUSABLE:
		return "unusable";
	case HOST_UNKNOWN:
		return "unknown";
	case HOST_ABSENT:
		return "absent";
	}
	return "not evaluated";
}

const char *
dane_state_name(enum dane_state state)
{
	switch (state) {
	case DANE_NOT_EVALUATED:
		return "not evaluated";
	case DANE_NONE:
		return "none";
	case DANE_ALL:
		return "all";
	case DANE_SOME:
		return "some";
	case DANE_UNUSABLE:
		return "unusable";
	case DANE_UNKNOWN:
		return "unknown";
	}
	return "not evaluated";
}
