/* destination.h - what the DNS says of how mail to a domain may be sent
 *
 * RFC 7672 section 2.2, RFC 5321 section 5.1, RFC 7505.  The questions:
 *
 *	1. MX of the domain.  SERVFAIL, bogus, no answer: DESTINATION_UNKNOWN.
 *	   NXDOMAIN: ABSENT.  The one record ".": NULL_MX.  None: the domain
 *	   is its own host (implicit).
 *	2. A, AAAA and CNAME of all hosts, all at once.  A host without address
 *	   is passed over, as the mail server does.
 *	3. TLSA, all at once, of those hosts alone
 *	   - whose MX was secure, CNAMEs before it included (section 2.2.1: an
 *	     insecure MX is no base for DANE), and
 *	   - whose addresses are secure (section 2.2.2; many servers of
 *	     unsigned zones break on TLSA).  Of an alias it is enough that the
 *	     first CNAME is secure.
 *	   The TLSA base domain is the host with its CNAMEs followed if the
 *	   whole chain is secure, and if there is nothing, or the chain is
 *	   not, the name as the MX has it (sections 2.2.2 and 2.2.3).
 *
 * "Could not ask" is never "there is none": a host whose addresses or TLSA
 * could not be had (SERVFAIL, bogus, no answer in time) is HOST_UNKNOWN.
 * A TLSA answer that is not secure counts as none (section 2.1.1).
 */
#ifndef MAILTLS_DESTINATION_H
#define MAILTLS_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/dns.h"
#include "base/domain.h"
#include "mailtls/tlsa.h"

struct arena;

enum destination_state {
	DESTINATION_NOT_EVALUATED = 0,
	DESTINATION_HOSTS,   /* there is at least one host to go to */
	DESTINATION_ABSENT,  /* no such domain, or no host has an address */
	DESTINATION_NULL_MX, /* RFC 7505: takes no mail */
	DESTINATION_UNKNOWN  /* could not ask */
};

enum host_state {
	HOST_NOT_EVALUATED = 0,
	HOST_NO_DANE,  /* no TLSA, or not secure */
	HOST_USABLE,   /* TLSA of use: DANE holds */
	HOST_UNUSABLE, /* TLSA, none of use: TLS, no verification */
	HOST_UNKNOWN,  /* could not ask, or beyond LIMIT_TLS_HOSTS */
	HOST_ABSENT    /* no address, or no name of a host */
};

/* All hosts with an address taken together. */
enum dane_state {
	DANE_NOT_EVALUATED = 0,
	DANE_NONE,     /* no host has TLSA */
	DANE_ALL,      /* every host HOST_USABLE, or UNKNOWN with at least one
			  that is USABLE */
	DANE_SOME,     /* at least one USABLE or UNUSABLE or UNKNOWN beside one
			  that is something else */
	DANE_UNUSABLE, /* every host HOST_UNUSABLE */
	DANE_UNKNOWN   /* every host HOST_UNKNOWN */
};

struct destination_host {
	struct domain name;
	uint16_t preference; /* 0 for the implicit one */
	enum host_state state;
	enum dns_security security; /* of the addresses, CNAMEs included */
	struct domain alias_of;	    /* where CNAMEs end; not set: no alias */
	struct domain tlsa_base;    /* USABLE, UNUSABLE: where the TLSA are */
	const struct tlsa *tlsa;    /* as found, those of no use included */
	size_t tlsa_count, usable_count;
	const struct ipaddr *addresses;
	size_t address_count;
	/* of UNKNOWN: which question, how it ended, why.  Of others: why there
	 * is no DANE, or NULL. */
	enum dns_type failed_type;
	enum dns_status failed_status;
	const char *reason;
};

struct destination {
	struct domain domain;
	uint16_t port;
	enum destination_state state;
	bool is_implicit; /* no MX: the domain is the host */
	enum dns_security mx_security;
	enum dns_status mx_status;
	const char *reason; /* of UNKNOWN and ABSENT */
	enum dane_state dane;
	const struct destination_host *hosts; /* by preference, then name */
	size_t count;
	uint32_t ttl_s; /* the least of all answers; 0 if one failed */
};

struct destination_inquiry;

/* Asks for MX and returns at once. */
struct destination_inquiry *destination_begin(struct arena *arena,
					      struct resolver *resolver,
					      struct domain domain,
					      uint16_t port);
/* Waits, asks what follows, waits.  What the deadline leaves open is
 * UNKNOWN.  Addresses are waited for until DESTINATION_LAST_MS before it, so
 * that one host that nobody answers for does not keep the others from being
 * asked for TLSA. */
#define DESTINATION_LAST_MS 1000
void destination_finish(struct destination_inquiry *inquiry,
			struct deadline deadline,
			struct destination *destination);

/* "hosts" ..., "usable" ..., "all" ... */
const char *destination_state_name(enum destination_state state);
const char *host_state_name(enum host_state state);
const char *dane_state_name(enum dane_state state);

#endif
