/* maillog_events.h - what the log tells, as lines of the spool */
#ifndef TLSRPT_COLLECTOR_MAILLOG_EVENTS_H
#define TLSRPT_COLLECTOR_MAILLOG_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct collect;
struct maillog_events;
struct postfix_log;

/* `position` of tls_join.h and tls_incoming.h. */
struct maillog_events *maillog_events_new(struct collect *collect);
void maillog_events_free(struct maillog_events *events);

/* One answer of signet-policy; what is none is counted. */
void maillog_events_answer(struct maillog_events *events, struct text datagram);

/* One line that was read.  `is_told`: before a restart, all that it tells
 * was told, and it is read for what comes behind it. */
void maillog_events_line(struct maillog_events *events,
			 const struct postfix_log *log, int64_t at_us,
			 uint64_t position, bool is_told);

/* Nothing new was there: forgets what is old, tells what is complete. */
void maillog_events_idle(struct maillog_events *events, int64_t now_us);

/* What must be read again after a restart; UINT64_MAX: nothing. */
uint64_t maillog_events_oldest(const struct maillog_events *events);

struct maillog_counts {
	uint64_t succeeded, failed, uncounted; /* results */
	uint64_t incoming, incoming_failed;    /* handshakes of others */
	uint64_t bad_answers, forgotten;
};
struct maillog_counts maillog_events_counts(struct maillog_events *events);

#endif
