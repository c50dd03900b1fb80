/* facts.h - what is told about one message: the spool's line, explain's JSON
 * and the log
 *
 * The members are documented in docs/database.md (spool) and signet(1)
 * (explain).
 */
#ifndef MILTER_FACTS_H
#define MILTER_FACTS_H

#include "base/buf.h"
#include "base/json.h"
#include "milter/session.h"

/* Bytes that lists may fill, counted high; what does not fit is left out. */
struct facts_room {
	size_t recipients, signatures, authors;
};

extern const struct facts_room facts_unlimited;

/* Parts that the spool's line and explain's JSON share. */
struct json *facts_iprev(const struct session *session);
/* null where no list is asked */
void facts_put_dnsbl(const struct session *session, struct json *object);
struct json *facts_spf(const struct session *session);
struct json *facts_dkim(const struct session *session,
			const struct facts_room *room);
struct json *facts_arc(const struct session *session);
struct json *facts_dmarc(const struct session *session);

/* One line for the spool (types in docs/database.md), below LIMIT_EVENT_BYTES
 * whatever the message holds; gives the message its id. */
struct text facts_event(struct session *session, struct text queue_id);

/* The document of `signet explain --json`. */
struct json *facts_explain(const struct session *session);

/* One log line: queue ID first, then logfmt pairs. */
void facts_log(const struct session *session, struct text queue_id,
	       struct buf *line);

#endif
