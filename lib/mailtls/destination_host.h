/* destination_host.h - addresses, aliases and TLSA of mail servers
 *
 * The part of destination.h that looks at hosts.  Each function is one wave:
 * call it for all hosts before the next one for any, so that all questions
 * of a wave travel together.
 */
#ifndef MAILTLS_DESTINATION_HOST_H
#define MAILTLS_DESTINATION_HOST_H

#include "mailtls/destination.h"

struct host_inquiry {
	struct arena *arena;
	struct resolver *resolver;
	uint16_t port;
	struct destination_host *host;
	struct dns_question *ip4, *ip6, *alias;
	struct dns_question *tlsa_alias, *tlsa_name;
	bool first_alias_secure; /* and there is one */
	unsigned aliases;
	uint32_t ttl_s; /* the least of what was answered */
};

/* A, AAAA, CNAME. */
void host_inquiry_begin(struct host_inquiry *inquiry);
/* Sets host->state if that settles it. */
void host_inquiry_addresses(struct host_inquiry *inquiry,
			    struct deadline deadline);
/* One step along the CNAMEs; true as long as there is another. */
bool host_inquiry_alias(struct host_inquiry *inquiry, struct deadline deadline);
/* Asks for TLSA where that is allowed, else sets host->state. */
void host_inquiry_ask_tlsa(struct host_inquiry *inquiry);
/* Leaves no host without a state. */
void host_inquiry_finish(struct host_inquiry *inquiry,
			 struct deadline deadline);

#endif
