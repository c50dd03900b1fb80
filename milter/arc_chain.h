/* arc_chain.h - the state of the ARC chain as our own results tell it
 *
 * The verdict about a chain is that of its arrival: a list has changed the
 * message since then.  signet-milter wrote it into Authentication-Results,
 * after it took out what others wrote in our name.
 */
#ifndef MILTER_ARC_CHAIN_H
#define MILTER_ARC_CHAIN_H

#include <stdbool.h>

#include "base/text.h"
#include "mailauth/arc.h"

struct arena;

/* False if there is no field of `id`, if it says nothing of a chain that is
 * there, or if the chain is not whole.  `results` becomes the value of that
 * field. */
bool arc_chain_read(struct arena *arena, const struct message *message,
		    struct text id, struct arc_verdict *verdict,
		    struct text *results);

#endif
