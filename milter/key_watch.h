/* key_watch.h - asks the DNS now and then whether it carries our keys
 *
 * A thread of its own: no message waits for it.  What it finds stands in each
 * key (key_store.h) and, when it changes, in the log.  A question without an
 * answer changes nothing.
 */
#ifndef MILTER_KEY_WATCH_H
#define MILTER_KEY_WATCH_H

#include "base/dns.h"
#include "milter/sign_engine.h"

struct key_watch;

/* What the answer says about the key; KEY_DNS_UNKNOWN if nothing. */
enum key_dns key_watch_judge(struct arena *arena, const struct signing_key *key,
			     enum dns_status status,
			     const struct dns_answer *answer);

/* Where the key record of the key stands. */
struct text key_watch_name(struct arena *arena, const struct signing_key *key);

/* The resolver outlives it.  NULL with a reason. */
struct key_watch *key_watch_open(struct resolver *resolver, struct why *why);
/* Waits for questions on their way, a few seconds at most.  NULL is
 * allowed. */
void key_watch_close(struct key_watch *watch);

/* From now on the keys of this engine are asked for, at once and then as
 * often as its options say. */
void key_watch_use(struct key_watch *watch, struct sign_engine *engine);

/* How many keys the DNS was last seen to carry, to lack, and of how many
 * nothing is known. */
struct key_watch_counts {
	size_t good, missing, unknown;
};
struct key_watch_counts key_watch_counts(struct key_watch *watch);

#endif
