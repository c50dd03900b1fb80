#include "mailauth/ptr_names.h"

#include "base/arena.h"

struct ptr_names *
ptr_names_begin(struct arena *arena, struct resolver *resolver,
		const struct ipaddr *client)
{
	struct ptr_names *ptr = arena_new_value(arena, struct ptr_names);

	ptr->arena = arena;
	ptr->resolver = resolver;
	ptr->client = *client;
	ptr->security = DNS_SECURE;
	ptr->question = dns_ask(arena, resolver,
				ipaddr_reverse_name(arena, client), DNS_PTR);
	return ptr;
}

static void
take_names(struct ptr_names *ptr, const struct dns_answer *answer)
{
	struct ptr_name *name;
	size_t i;

	ptr->names =
	    arena_new_array(ptr->arena, struct ptr_name, LIMIT_PTR_NAMES);
	for (i = 0; i < answer->count && i < LIMIT_PTR_NAMES; i++) {
		name = &ptr->names[ptr->count];
		if (domain_parse(ptr->arena, answer->records[i].name,
				 &name->domain, NULL))
			ptr->count++;
	}
}

enum dns_status
ptr_names_wait(struct ptr_names *ptr, struct deadline deadline)
{
	const struct dns_answer *answer;

	if (ptr->waited)
		return ptr->status;
	ptr->waited = true;
	ptr->status = dns_wait(ptr->question, deadline, &answer);
	ptr->security = dns_security_weaker(ptr->security, answer->security);
	if (ptr->status == DNS_FOUND)
		take_names(ptr, answer);
	return ptr->status;
}

void
ptr_names_ask(struct ptr_names *ptr, size_t index)
{
	struct ptr_name *name = &ptr->names[index];

	if (name->addresses == NULL)
		name->addresses =
		    dns_ask(ptr->arena, ptr->resolver, name->domain.name,
			    ptr->client.family == 6 ? DNS_AAAA : DNS_A);
}

enum dns_status
ptr_names_confirm(struct ptr_names *ptr, size_t index, struct deadline deadline)
{
	const struct dns_answer *answer;
	enum dns_status status;
	size_t i;

	ptr_names_ask(ptr, index);
	status = dns_wait(ptr->names[index].addresses, deadline, &answer);
	ptr->security = dns_security_weaker(ptr->security, answer->security);
	if (status != DNS_FOUND)
		return status;
	for (i = 0; i < answer->count; i++)
		if (ipaddr_equal(&answer->records[i].address, &ptr->client))
			return DNS_FOUND;
	return DNS_NODATA;
}
