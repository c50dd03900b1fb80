/* nexthop.h - what smtp(8) and Sendmail ask a TLS policy map about
 *
 * Postfix asks with the next hop as the transport gave it, case kept:
 *
 *	example.com  EXAMPLE.com  example.com:25  example.com:smtp
 *	[mx.example.com]  [mx.example.com]:587  [192.0.2.1]  [IPv6:2001:db8::1]
 *	.example.com  .com			parents, after a "not found"
 *
 * and with U-labels where the mail has them.  A bracket says: no MX lookup.
 * Then MTA-STS does not apply (RFC 8461 section 2 speaks of the next hop
 * domain) and what holds is what the operator wrote.
 */
#ifndef MAILTLS_NEXTHOP_H
#define MAILTLS_NEXTHOP_H

#include <stdint.h>

#include "base/domain.h"

struct arena;
struct why;

enum nexthop_kind {
	NEXTHOP_UNSET = 0,
	NEXTHOP_DOMAIN,	 /* MX and policy of this domain */
	NEXTHOP_HOST,	 /* [host]: overrides only */
	NEXTHOP_ADDRESS, /* [192.0.2.1]: no name, so no policy */
	NEXTHOP_PARENT,	 /* .parent: the name itself was answered before */
	NEXTHOP_OTHER,	 /* no name of the DNS: a path, blanks ... */
	NEXTHOP_UNKNOWN	 /* a name that could not be converted to A-labels, or
			    a port nobody knows: it cannot be told what
			    protects it, so the mail waits */
};

/* port of SMTP, when the key has none */
#define NEXTHOP_PORT 25

struct nexthop {
	enum nexthop_kind kind;
	struct domain domain; /* DOMAIN, HOST, PARENT: A-labels, lower case */
	uint16_t port;	      /* DOMAIN and HOST */
};

/* Reads a key of any kind; never fails.  `why` is set for UNKNOWN (it may be
 * NULL).  Services by name: smtp, submission, submissions, smtps. */
void nexthop_parse(struct arena *arena, struct text key,
		   struct nexthop *nexthop, struct why *why);

/* "domain", "host" ... */
const char *nexthop_kind_name(enum nexthop_kind kind);

#endif
