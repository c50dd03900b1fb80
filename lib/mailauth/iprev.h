/* iprev.h - forward-confirmed reverse DNS (RFC 8601 section 2.7.3) */
#ifndef MAILAUTH_IPREV_H
#define MAILAUTH_IPREV_H

#include "base/dns.h"
#include "base/ipaddr.h"

struct arena;

enum iprev_result {
	IPREV_NOT_EVALUATED = 0,
	IPREV_PASS,
	IPREV_FAIL, /* names, but none that leads back */
	IPREV_TEMPERROR,
	IPREV_PERMERROR /* no PTR */
};

struct iprev_verdict {
	enum iprev_result result;
	struct text name; /* the confirmed name; for fail the first name */
	const char *reason;
	enum dns_security security;
};

struct iprev_check;

/* Asks for the PTR records and returns at once. */
struct iprev_check *iprev_begin(struct arena *arena, struct resolver *resolver,
				const struct ipaddr *client);
/* Asks for the addresses of at most LIMIT_PTR_NAMES names and compares. */
void iprev_finish(struct iprev_check *check, struct deadline deadline,
		  struct iprev_verdict *verdict);
const char *iprev_result_name(enum iprev_result result);

#endif
