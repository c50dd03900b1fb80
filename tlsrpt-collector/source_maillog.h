/* source_maillog.h - what the mail server's log tells of TLS
 *
 * One thread reads the lines (log_feed.h), and the answers of signet-policy
 * that belong to them, and makes events of both (maillog_events.h).  What it
 * has not told yet when it ends is read again at the next start
 * (maillog_position.h), and what it had told of these lines is not told again;
 * events that come twice all the same, after a kill, have the same id.
 */
#ifndef TLSRPT_COLLECTOR_SOURCE_MAILLOG_H
#define TLSRPT_COLLECTOR_SOURCE_MAILLOG_H

#include <stdint.h>

#include "tlsrpt-collector/collect.h"
#include "tlsrpt-collector/maillog_events.h"

extern const struct collect_source source_maillog;

struct source_maillog_counts {
	uint64_t lines, answers, answers_dropped;
	struct maillog_counts events;
};
/* Any thread; NULL gives zeroes. */
struct source_maillog_counts source_maillog_counts(void *handle);

#endif
