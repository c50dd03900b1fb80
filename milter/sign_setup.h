/* sign_setup.h - signet.conf as signet-sign reads it */
#ifndef MILTER_SIGN_SETUP_H
#define MILTER_SIGN_SETUP_H

#include "io/config_common.h"
#include "io/config_keys.h"
#include "io/resolver_unbound.h"
#include "milter/sign_engine.h"

struct sign_setup {
	struct arena *arena; /* holds all of it */
	struct config_source *source;
	struct config_common common;
	struct config_keys keys;
	struct sign_options sign;
	const char *listener; /* "sign", or the name given */
};

/* `path` NULL: the default file if there is one, else the defaults alone.
 * `listener` NULL: section [sign]; else [sign LISTENER] wins over it.  NULL
 * with a reason that names file, line and remedy. */
struct sign_setup *sign_setup_load(const char *path, const char *listener,
				   struct why *why);
void sign_setup_free(struct sign_setup *setup);

/* What resolver_unbound_open wants; borrows from the setup. */
void sign_setup_resolver(const struct sign_setup *setup,
			 struct resolver_options *options);

/* What sender_source_open wants; borrows from the setup. */
struct sender_source_options sign_setup_senders(const struct sign_setup *setup);

/* The setup's memory becomes the engine's, also when it fails. */
struct sign_engine *sign_setup_engine(struct sign_setup *setup,
				      struct sender_source *source,
				      struct spool *spool, struct why *why);

#endif
