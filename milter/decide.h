/* decide.h - from what was found to what is done: a pure table */
#ifndef MILTER_DECIDE_H
#define MILTER_DECIDE_H

#include "milter/options.h"
#include "milter/verdict.h"

struct arena;

/* Adds to the verdict the overrides that the decision rests on.  `client`
 * is for the reply text. */
void decide(struct arena *arena, const struct milter_options *options,
	    struct verdict *verdict, struct decision *decision);

#endif
