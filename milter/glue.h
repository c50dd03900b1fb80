/* glue.h - libmilter's callbacks
 *
 * The one file that includes libmilter is glue.c.  Only the end of a message
 * is answered; for every other stage the MTA is told not to wait
 * (SMFIP_NR_*).
 */
#ifndef MILTER_GLUE_H
#define MILTER_GLUE_H

#include <stdbool.h>

#include "milter/engine.h"

struct why;

/* Binds options->listen with its mode and group.  False if it cannot be had,
 * or somebody listens there already. */
bool glue_open(const struct milter_options *options, struct why *why);

/* Serves until glue_stop, which first waits a while for messages on their
 * way.  New connections begin with the engine that glue_use gave last. */
bool glue_serve(struct why *why);
void glue_use(struct engine *engine);
void glue_stop(void);

#endif
