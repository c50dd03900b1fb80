/* dns.h - questions to the DNS: ask early, wait late
 *
 * The resolver is an interface; io/resolver_unbound.h asks the network,
 * base/dns_zone.h answers from a text, base/dns_memo.h stands before either
 * for one message.
 */
#ifndef BASE_DNS_H
#define BASE_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"
#include "base/ipaddr.h"
#include "base/text.h"

struct arena;

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_TLSA = 52
};

/* "Could not ask" (TEMPFAIL, BOGUS) stays distinct from "is not there". */
enum dns_status {
	DNS_FOUND = 1,
	DNS_NODATA,
	DNS_NXDOMAIN,
	DNS_TEMPFAIL,
	DNS_BOGUS
};

/* what validation said about one answer (RFC 4035 section 4.3) */
enum dns_security {
	DNS_SECURITY_UNKNOWN = 0,
	DNS_INSECURE,
	DNS_SECURE,
	DNS_SECURITY_BOGUS
};

struct dns_record {
	struct text text;	/* TXT: its strings joined; TLSA: raw data */
	struct text name;	/* MX, PTR, NS, CNAME: raw bytes between dots,
				   no final dot, "" for the root */
	struct ipaddr address;	/* A, AAAA */
	uint16_t preference;	/* MX */
};

/* Lies in the arena of the question and is constant once there. */
struct dns_answer {
	enum dns_status status;
	enum dns_security security;
	uint32_t ttl_s;
	const struct dns_record *records; /* of the type asked, CNAMEs
					     followed */
	size_t count;
	const char *reason;		  /* TEMPFAIL, BOGUS: a few words */
};

struct resolver;

/* A question on its way. */
struct dns_question {
	struct resolver *resolver;
	struct arena *arena;
	struct text name; /* lower case, no final dot, copied */
	enum dns_type type;
	bool answered;
	struct dns_answer answer;
	void *state;	  /* the resolver's own */
};

/* What a resolver provides.  `ask` starts and returns at once, and may set
 * question->answered itself; it registers with arena_defer what must be
 * given up when the arena ends first.  `wait` returns when
 * question->answered is set or at the deadline. */
struct resolver {
	void (*ask)(struct resolver *resolver, struct dns_question *question);
	void (*wait)(struct resolver *resolver, struct dns_question *question,
		     struct deadline deadline);
};

/* Starts a question.  `name` may hold any bytes between its dots; a name
 * that cannot be in the DNS (label of 0 or over 63 bytes, over 253 bytes)
 * is answered DNS_NXDOMAIN without asking. */
struct dns_question *dns_ask(struct arena *arena, struct resolver *resolver,
			     struct text name, enum dns_type type);

/* Waits and gives the answer; at the deadline it is DNS_TEMPFAIL with the
 * reason "no answer in time".  May be called again and then answers the
 * same. */
enum dns_status dns_wait(struct dns_question *question,
			 struct deadline deadline,
			 const struct dns_answer **answer);

/* "A", "TXT" ...; "found", "nodata" ...; "secure" ... */
const char *dns_type_name(enum dns_type type);
const char *dns_status_name(enum dns_status status);
const char *dns_security_name(enum dns_security security);

/* The weaker of two states, for results that rest on several answers:
 * bogus < unknown < insecure < secure.  Start with DNS_SECURE. */
enum dns_security dns_security_weaker(enum dns_security a,
				      enum dns_security b);

#endif
