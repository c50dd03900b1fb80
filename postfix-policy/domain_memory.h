/* domain_memory.h - what was last said of each domain
 *
 * So that the log gets a line, and the database an event, when something has
 * changed, and not each time that it is looked at.  Bounded: when it is full
 * it forgets all, and what follows is said once more.  Safe from any thread.
 */
#ifndef POLICY_DOMAIN_MEMORY_H
#define POLICY_DOMAIN_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct domain_memory;

struct domain_memory *domain_memory_new(size_t most_domains);
void domain_memory_free(struct domain_memory *memory);

struct domain_news {
	bool decision; /* it was not known, or another */
	bool facts;    /* the same, or last told on another day */
};

/* Keeps digests of both.  `facts` empty: they could not be found out, and
 * what is known stays. */
struct domain_news domain_memory_note(struct domain_memory *memory,
				      struct text domain, struct text decision,
				      struct text facts, int64_t now_s);

#endif
