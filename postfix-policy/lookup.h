/* lookup.h - one destination: facts, decision, replies
 *
 * Runs in a thread of the pool and blocks for DNS and HTTPS.  All of a result
 * lies in the arena of its lookup.
 */
#ifndef POLICY_LOOKUP_H
#define POLICY_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "mailtls/nexthop.h"
#include "mailtls/tls_policy.h"
#include "mailtls/tls_reply.h"

struct arena;
struct domain_memory;
struct resolver;
struct share;
struct spool;
struct sts_cache;

/* What all lookups share; borrowed. */
struct lookup {
	struct resolver *resolver;
	struct sts_cache *sts;
	struct share *share;	      /* NULL: there are no overrides */
	struct domain_memory *memory; /* of what was said */
	struct spool *spool;	      /* NULL: facts are not kept */
	const char *host;	      /* ours, for events */
	struct tls_policy_options choice;
	int64_t timeout_ms;  /* for all of one lookup */
	int64_t patience_ms; /* for MTA-STS, where DANE answers already; below
				what an asker waits */
	int64_t longest_ms;  /* life of an answer */
};

/* Whether the key is answered without asking anybody (a parent, an address,
 * an override ...): then the payload of the reply is written to `reply`.  If
 * not, `nexthop` says what to look up. */
bool lookup_at_once(const struct lookup *lookup, struct arena *arena,
		    struct text key, enum tls_dialect dialect,
		    struct nexthop *nexthop, struct text *reply);

struct lookup_result {
	/* netstrings, in the order of enum tls_dialect from POLICY on */
	struct text replies[TLS_DIALECTS];
	/* for the feed, what follows "answer"; empty: not wanted, or nothing
	 * to tell */
	struct text told;
	bool tells; /* there is something to tell */
	enum tls_verdict verdict;
	int64_t life_ms;
};

/* What is said of a destination that the program died of (io/in_work.h). */
#define LOOKUP_PASSED_OVER                                                     \
	"TEMP this destination has crashed the program and is not looked at; " \
	"see the log"
void lookup_pass_over(struct arena *arena, struct lookup_result *result);

/* A domain.  `is_new`: somebody waits for it; else it was known, and it is
 * said only what has changed. */
void lookup_run(const struct lookup *lookup, struct arena *arena,
		const struct nexthop *nexthop, bool is_new, bool wants_told,
		struct lookup_result *result);

/* Payload as a netstring, in the arena. */
struct text lookup_frame(struct arena *arena, struct text payload);

#endif
