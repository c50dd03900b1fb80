/* engine.h - what all connections of one listener share
 *
 * Constant once made.  A reload makes a new engine; connections keep the one
 * they began with until they end.
 */
#ifndef MILTER_ENGINE_H
#define MILTER_ENGINE_H

#include <stdint.h>

#include "base/dns.h"
#include "base/domain.h"
#include "milter/options.h"

struct arena;
struct failure_limit;
struct public_suffix_list;
struct spool;
struct user_lists;
struct why;

struct domains {
	struct domain *values;
	size_t count;
};

struct engine {
	struct arena *arena;
	const struct milter_options *options;
	const char *host;     /* our name */
	const char *listener; /* section name, "milter" if it has none */
	struct text authserv_id;
	struct text *own_ids; /* normalised, authserv_id among them */
	size_t own_id_count;
	struct domains arc_sealers, lists, forwarders, local_policy, dnsbl;
	struct resolver *resolver;
	struct public_suffix_list *suffixes; /* NULL for walk */
	struct spool *spool;		     /* NULL: facts are not kept */
	uint64_t timeout_s;		     /* of all questions of a message */
	int64_t fixed_now_s;		     /* 0: the clock */
	bool weak_crypto;		     /* test-only switch of explain */
	struct failure_limit *failures;	     /* NULL: none are told */
	struct user_lists *user_lists;	     /* NULL: none count */
	struct key_cache *keys;
	unsigned char redact_key[32]; /* made anew each time: nobody
					 keeps it */
	unsigned references;
};

/* Takes over `arena`, in which `options` lies.  resolver, spool and host are
 * borrowed and outlive the engine.  One reference is the caller's. */
struct engine *engine_new(struct arena *arena,
			  const struct milter_options *options,
			  const char *host, const char *listener,
			  struct resolver *resolver, struct spool *spool,
			  struct why *why);
struct engine *engine_hold(struct engine *engine);
void engine_release(struct engine *engine);

/* For redact.h. */
struct text engine_redact_key(const struct engine *engine);

int64_t engine_now_s(const struct engine *engine);

bool networks_have(const struct config_networks *networks,
		   const struct ipaddr *address);
bool domains_have(const struct domains *domains, struct domain domain);

#endif
