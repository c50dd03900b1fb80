/* lookup_tell.h - what is said of a lookup: log and spool */
#ifndef POLICY_LOOKUP_TELL_H
#define POLICY_LOOKUP_TELL_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct lookup;
struct tls_facts;
struct tls_policy;

struct lookup_spent {
	bool is_new;
	int64_t spent_ms, life_ms;
};

/* A line in the log when somebody waited or the decision is another; an event
 * tls_domain when what was found is another, and once a day. */
void lookup_tell_all(const struct lookup *lookup, struct arena *arena,
		     const struct tls_facts *facts,
		     const struct tls_policy *policy,
		     const struct lookup_spent *spent);

#endif
