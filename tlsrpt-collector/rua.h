/* rua.h - who wants TLS reports, as the DNS says now (RFC 8460 section 3) */
#ifndef TLSRPT_COLLECTOR_RUA_H
#define TLSRPT_COLLECTOR_RUA_H

#include "base/deadline.h"
#include "base/dns.h"
#include "base/domain.h"
#include "mailtls/tlsrpt_record.h"
#include "reporter/destination.h"

struct arena;

struct rua {
	/* NOBODY and TEMPERROR: `reason` says why */
	enum destinations_found found;
	const char *reason;
	struct text text; /* FOUND: the record */
	struct tlsrpt_record record;
	enum dns_security security;
};

/* `domain`: a recipient domain, or the name of an MX host. */
struct dns_question *rua_ask(struct arena *arena, struct resolver *resolver,
			     struct domain domain);
void rua_wait(struct arena *arena, struct dns_question *question,
	      struct deadline deadline, struct rua *rua);

/* The same URIs, in whatever order. */
bool rua_is_same(const struct tlsrpt_record *a, const struct tlsrpt_record *b);

/* Each URI of the domain's record as a destination; those that cannot be used
 * are told with the reason.  Without `https` only mailto is used. */
void rua_destinations(struct arena *arena, struct resolver *resolver,
		      struct domain domain, bool https,
		      struct deadline deadline, struct destinations *found);

#endif
