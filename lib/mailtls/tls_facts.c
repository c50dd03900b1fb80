#include "mailtls/tls_facts.h"

bool
tls_facts_is_enforced(const struct tls_facts *facts)
{
	return facts->sts != NULL && sts_state_is_enforced(facts->sts);
}

const struct destination_host *
tls_facts_unknown_host(const struct tls_facts *facts)
{
	size_t i;

	if (facts->destination == NULL)
		return NULL;
	for (i = 0; i < facts->destination->count; i++)
		if (facts->destination->hosts[i].state == HOST_UNKNOWN)
			return &facts->destination->hosts[i];
	return NULL;
}
