/* tls_facts.h - all that a TLS policy answer rests on */
#ifndef MAILTLS_TLS_FACTS_H
#define MAILTLS_TLS_FACTS_H

#include "mailtls/destination.h"
#include "mailtls/nexthop.h"
#include "mailtls/sts_state.h"
#include "mailtls/tls_override.h"

struct tls_facts {
	struct nexthop nexthop;
	/* NULL: not asked.  That is allowed where tls_policy_needs says so;
	 * else the answer is "try again". */
	const struct destination *destination;
	const struct sts_state *sts;
	const struct tls_override *override; /* NULL: there is none */
};

/* Whether an MTA-STS policy in mode enforce counts. */
bool tls_facts_is_enforced(const struct tls_facts *facts);

/* The first host that could not be asked about; NULL if there is none. */
const struct destination_host *
tls_facts_unknown_host(const struct tls_facts *facts);

#endif
