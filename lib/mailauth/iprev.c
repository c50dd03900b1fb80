#include "mailauth/iprev.h"

#include "base/arena.h"
#include "mailauth/ptr_names.h"

struct iprev_check {
	struct ptr_names *ptr; /* NULL for a client without an address */
};

struct iprev_check *
iprev_begin(struct arena *arena, struct resolver *resolver,
	    const struct ipaddr *client)
{
	struct iprev_check *check = arena_new_value(arena, struct iprev_check);

	if (client->family != 0)
		check->ptr = ptr_names_begin(arena, resolver, client);
	return check;
}

static void
decide(struct iprev_verdict *verdict, enum iprev_result result,
       const char *reason)
{
	verdict->result = result;
	verdict->reason = reason;
}

/* All forward questions travel together; the first name that leads back
 * wins. */
static void
confirm_names(struct ptr_names *ptr, struct deadline deadline,
	      struct iprev_verdict *verdict)
{
	bool could_not_ask = false;
	size_t i;

	if (ptr->count > 0)
		verdict->name = ptr->names[0].domain.name;
	for (i = 0; i < ptr->count; i++)
		ptr_names_ask(ptr, i);
	for (i = 0; i < ptr->count; i++) {
		switch (ptr_names_confirm(ptr, i, deadline)) {
		case DNS_FOUND:
			verdict->name = ptr->names[i].domain.name;
			decide(verdict, IPREV_PASS, "name leads back");
			return;
		case DNS_NODATA:
		case DNS_NXDOMAIN:
			break;
		case DNS_TEMPFAIL:
		case DNS_BOGUS:
			could_not_ask = true;
			break;
		}
	}
	if (could_not_ask)
		decide(verdict, IPREV_TEMPERROR,
		       "addresses of the name could not be asked");
	else if (ptr->count == 0)
		decide(verdict, IPREV_FAIL, "no PTR record is a domain name");
	else
		decide(verdict, IPREV_FAIL, "no name leads back");
}

void
iprev_finish(struct iprev_check *check, struct deadline deadline,
	     struct iprev_verdict *verdict)
{
	struct ptr_names *ptr = check->ptr;

	memset(verdict, 0, sizeof(*verdict));
	verdict->reason = "client has no address";
	if (ptr == NULL)
		return;
	switch (ptr_names_wait(ptr, deadline)) {
	case DNS_FOUND:
		confirm_names(ptr, deadline, verdict);
		break;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		decide(verdict, IPREV_PERMERROR, "no PTR record");
		break;
	case DNS_TEMPFAIL:
		decide(verdict, IPREV_TEMPERROR,
		       "PTR record could not be asked");
		break;
	case DNS_BOGUS:
		decide(verdict, IPREV_TEMPERROR, "PTR record is bogus");
		break;
	}
	verdict->security = ptr->security;
}

const char *
iprev_result_name(enum iprev_result result)
{
	switch (result) {
	case IPREV_NOT_EVALUATED:
		return "none";
	case IPREV_PASS:
		return "pass";
	case IPREV_FAIL:
		return "fail";
	case IPREV_TEMPERROR:
		return "temperror";
	case IPREV_PERMERROR:
		return "permerror";
	}
	return "none";
}
