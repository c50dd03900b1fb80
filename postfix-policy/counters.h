/* counters.h - figures of signet-policy for Prometheus (docs/metrics.md)
 *
 * One set for the process.  Without counters_open nothing is counted.
 */
#ifndef POLICY_COUNTERS_H
#define POLICY_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "mailtls/tls_reply.h"
#include "postfix-policy/quota_call.h"

struct feed;
struct resolver_unbound;
struct server;
struct share;
struct spool;
struct sts_cache;
struct why;
struct worker_pool;

enum answer_source {
	ANSWER_FROM_CACHE,
	ANSWER_FROM_LOOKUP,
	ANSWER_FROM_RULE,    /* the key, an override */
	ANSWER_FROM_DEADLINE /* the lookup takes too long, or cannot begin */
};

enum refusal { REFUSAL_PROTOCOL, REFUSAL_MAP, REFUSAL_REQUEST };

/* `frame` is the netstring with the reply. */
void counters_answer(enum tls_dialect dialect, enum answer_source source,
		     struct text frame);
void counters_lookup(bool background, int64_t spent_ms);
void counters_refused(enum refusal refusal);
void counters_delegated(void);
void counters_quota(enum quota_verdict verdict);
void counters_reload(bool taken);
void counters_cache(size_t entries, size_t bytes);

/* Read at each scrape; borrowed until counters_forget. */
struct counter_sources {
	struct server *server;
	struct worker_pool *pool;
	struct feed *feed;
	struct sts_cache *sts;
	struct share *share;
	struct spool *spool;
	struct resolver_unbound *resolver;
};

bool counters_open(const char *where, const char *group,
		   const struct counter_sources *from, struct why *why);
/* The sources are about to go. */
void counters_forget(void);

#endif
