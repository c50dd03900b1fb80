/* classify.h - what is done with a message that is delivered
 *
 * Rules of the user first, then the junk filter with his words and those that
 * all share.  Whatever is not known in time is left out: the answer is then
 * "unsure", and the message goes where it went.
 */
#ifndef DOVECOT_PLUGIN_CLASSIFY_H
#define DOVECOT_PLUGIN_CLASSIFY_H

#include <stdint.h>

#include "base/deadline.h"
#include "dovecot-plugin/question.h"

struct arena;
struct buf;
struct mailbox_settings;
struct model_cache;

/* Writes the answer; gives its verdict (question.h). */
const char *classify(struct arena *arena,
		     const struct mailbox_settings *settings,
		     struct model_cache *cache, const struct question *question,
		     struct deadline deadline, struct buf *to);

#endif
