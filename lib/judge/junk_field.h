/* junk_field.h - the field X-Signet-Junk
 *
 *     X-Signet-Junk: junk; probability=0.9987; words=offer 0.98, auth:... 0.03
 *
 * For people who wonder why: the class, the probability, and the words that
 * decided with the spamminess of each, the surest first.
 */
#ifndef JUDGE_JUNK_FIELD_H
#define JUDGE_JUNK_FIELD_H

#include "judge/junk_score.h"

struct buf;

#define JUNK_FIELD_NAME "X-Signet-Junk"

/* One line of ASCII without its end, of at most LIMIT_JUNK_FIELD_BYTES with
 * LIMIT_JUNK_FIELD_WORDS words; with `folded`, lines of about 76 bytes instead,
 * with CRLF and a space between.  Of words, all but letters, digits and
 * "-_.:=@/'" is %XX. */
void junk_field_write(const struct junk_verdict *verdict,
		      const struct junk_params *params, bool folded,
		      struct buf *to);

#endif
