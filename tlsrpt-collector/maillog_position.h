/* maillog_position.h - how far the log was read, across restarts
 *
 * A file with the mark (log_feed.h) of the first line that is to be read
 * again, and how many of the lines from there on were told of: a session that
 * begins before the mark and ends behind it would be half a session.  It is
 * replaced by rename.
 */
#ifndef TLSRPT_COLLECTOR_MAILLOG_POSITION_H
#define TLSRPT_COLLECTOR_MAILLOG_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "tlsrpt-collector/log_feed.h"

struct why;
struct maillog_position;

/* What was told of: lines below the number, which is 0 for the line at the
 * mark.  None of them is newer than that; of a log that lost lines, not as
 * many are still there. */
struct maillog_told {
	uint64_t number;
	int64_t newest_us;
};

/* `path` is kept.  `source` tells what is read; a position of another one
 * does not count.  `mark` is empty if there is none, and nothing was told. */
struct maillog_position *maillog_position_open(const char *path,
					       const char *source,
					       char mark[LOG_MARK_BYTES],
					       struct maillog_told *told);
void maillog_position_close(struct maillog_position *position);

/* The line with that number, which rises, begins at the mark. */
void maillog_position_note(struct maillog_position *position, uint64_t number,
			   const char *mark);

/* Lines from `number` on are to be read again: saves the mark at or before
 * it, unless all is as it was saved last. */
bool maillog_position_save(struct maillog_position *position, uint64_t number,
			   const struct maillog_told *told, struct why *why);

#endif
