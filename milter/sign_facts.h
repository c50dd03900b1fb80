/* sign_facts.h - what is told about one message: the spool's line and the log
 *
 * The members of the line are documented in docs/database.md.
 */
#ifndef MILTER_SIGN_FACTS_H
#define MILTER_SIGN_FACTS_H

#include "base/buf.h"
#include "milter/sign_session.h"

/* Whether the ledger wants to know: mail of others, passed through without a
 * seal, is no fact about us. */
bool sign_facts_matter(const struct sign_session *session);

/* One event "signed", below LIMIT_EVENT_BYTES whatever the message holds;
 * gives the message its id. */
struct text sign_facts_event(struct sign_session *session,
			     struct text queue_id);

/* One log line: queue ID first, then logfmt pairs. */
void sign_facts_log(const struct sign_session *session, struct text queue_id,
		    struct buf *line);

#endif
