/* setup.h - signet.conf as signet-milter and signet explain read it */
#ifndef MILTER_SETUP_H
#define MILTER_SETUP_H

#include "io/config_common.h"
#include "io/resolver_unbound.h"
#include "milter/engine.h"
#include "milter/options.h"

struct setup {
	struct arena *arena; /* holds all of it */
	struct config_source *source;
	struct config_common common;
	struct milter_options milter;
	const char *listener; /* "milter", or the name given */
};

/* `path` NULL: the default file if there is one, else the defaults alone.
 * `listener` NULL: section [milter]; else [milter LISTENER] wins over it.
 * NULL with a reason that names file, line and remedy. */
struct setup *setup_load(const char *path, const char *listener,
			 struct why *why);
void setup_free(struct setup *setup);

/* What resolver_unbound_open wants; borrows from the setup. */
void setup_resolver_options(const struct setup *setup,
			    struct resolver_options *options);

/* The setup's memory becomes the engine's, also when it fails. */
struct engine *setup_engine(struct setup *setup, struct resolver *resolver,
			    struct spool *spool, struct why *why);

#endif
