/* rule_header.h - what rules look at, from a message's header */
#ifndef DOVECOT_PLUGIN_RULE_HEADER_H
#define DOVECOT_PLUGIN_RULE_HEADER_H

#include "dovecot-plugin/verified.h"
#include "judge/rule.h"

/* Several List-Id fields name no list; several authors, or one that programs
 * may read in two ways, name nobody.  So does an address that is no UTF-8, has
 * control characters or spaces in it, or is longer than LIMIT_ADDRESS_BYTES.
 * Lies in the arena and borrows from message and verified. */
void rule_header_read(struct arena *arena, const struct message *header,
		      const struct verified *verified,
		      struct rule_message *message);

#endif
