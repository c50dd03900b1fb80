/* dmarc_discover.h - which record and which organizational domain
 *
 * RFC 9989 section 4.10 (tree walk), or RFC 7489 section 6.6.3 with the
 * Public Suffix List.
 */
#ifndef MAILAUTH_DMARC_DISCOVER_H
#define MAILAUTH_DMARC_DISCOVER_H

#include "base/dns.h"
#include "base/domain.h"
#include "mailauth/dmarc_record.h"

struct arena;
struct public_suffix_list;

enum dmarc_method { DMARC_TREEWALK = 1, DMARC_PSL };

enum dmarc_found {
	DMARC_LOOKUP_NONE = 1, /* no record that applies */
	DMARC_LOOKUP_FOUND,
	DMARC_LOOKUP_TEMPERROR
};

struct dmarc_policy_found {
	enum dmarc_found found;
	struct dmarc_record record;   /* when FOUND */
	struct domain policy_domain;  /* where it was found */
	struct domain organizational; /* of the author domain; not set
					 if nobody had to know */
	enum dns_security security;   /* weakest of the answers used */
	const char *reason;	      /* NONE and TEMPERROR */
};

/* Remembers the walks of one message, so that each name is walked once. */
struct dmarc_discovery;

struct dmarc_discovery *
dmarc_discovery_new(struct arena *arena, struct resolver *resolver,
		    enum dmarc_method method,
		    const struct public_suffix_list *list);

/* Starts the questions of a domain and returns at once: for author domains
 * when From arrives. */
void dmarc_discovery_begin(struct dmarc_discovery *discovery,
			   struct domain domain);

/* Policy discovery (section 4.10.1) for an author domain. */
void dmarc_discover_policy(struct dmarc_discovery *discovery,
			   struct domain author, struct deadline deadline,
			   struct dmarc_policy_found *found);

/* Organizational domain (section 4.10.2) of any domain; false when a
 * question could not be answered. */
bool dmarc_discover_organizational(struct dmarc_discovery *discovery,
				   struct domain domain,
				   struct deadline deadline,
				   struct domain *organizational);

/* True if an answer used so far shows that the domain exists: a name below it
 * does (RFC 8020).  False proves nothing. */
bool dmarc_discovery_shows_existence(const struct dmarc_discovery *discovery,
				     struct domain domain);

/* The weakest state of the answers used in the walk of a domain; DNS_SECURE
 * if there were none. */
enum dns_security
dmarc_discovery_security(const struct dmarc_discovery *discovery,
			 struct domain domain);

/* The names whose answers were used in the walk of a domain, in order; false
 * beyond the last. */
bool dmarc_discovery_step(const struct dmarc_discovery *discovery,
			  struct domain domain, size_t index,
			  struct text *name);

enum dmarc_method
dmarc_discovery_method(const struct dmarc_discovery *discovery);

#endif
