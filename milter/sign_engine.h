/* sign_engine.h - what all connections of one listener of signet-sign share
 *
 * Constant once made, but for what the DNS said about the keys.  A reload
 * makes a new engine; connections keep the one they began with until they
 * end.
 */
#ifndef MILTER_SIGN_ENGINE_H
#define MILTER_SIGN_ENGINE_H

#include <stdint.h>

#include "milter/key_store.h"
#include "milter/sender_source.h"
#include "milter/sign_options.h"

struct spool;

struct sign_engine {
	struct arena *arena;
	const struct sign_options *options;
	const char *host, *listener;
	struct text authserv_id; /* of Authentication-Results that are ours */
	struct key_store keys;
	struct signing_key *arc_key; /* NULL: nothing is sealed */
	struct domain arc_domain;
	struct sender_book *senders;  /* of sender_table, or NULL */
	struct sender_source *source; /* of sender_database, or NULL */
	struct spool *spool;	      /* NULL: facts are not kept */
	int64_t fixed_now_s;	      /* 0: the clock */
	unsigned references;
};

/* What is borrowed outlives the engine. */
struct sign_engine_parts {
	const char *key_directory;
	const char *host, *listener;
	struct sender_source *source;
	struct spool *spool;
};

/* Takes over `arena`, in which `options` lies, also when it fails.  Reads
 * keys and tables.  One reference is the caller's. */
struct sign_engine *sign_engine_new(struct arena *arena,
				    const struct sign_options *options,
				    const struct sign_engine_parts *parts,
				    struct why *why);
struct sign_engine *sign_engine_hold(struct sign_engine *engine);
/* NULL is allowed. */
void sign_engine_release(struct sign_engine *engine);

int64_t sign_engine_now_s(const struct sign_engine *engine);

/* Whether logins are asked whose address they write, and what is known of
 * that now: NULL if nothing is.  The caller releases the book. */
bool sign_engine_asks_senders(const struct sign_engine *engine);
struct sender_book *sign_engine_senders(const struct sign_engine *engine);

#endif
