/* maillog_position.h - how far the log was read, across restarts
 *
 * A file with one line: the mark (log_feed.h) of the first line that is to be
 * read again.  It is replaced by rename.
 */
#ifndef TLSRPT_COLLECTOR_MAILLOG_POSITION_H
#define TLSRPT_COLLECTOR_MAILLOG_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "tlsrpt-collector/log_feed.h"

struct why;
struct maillog_position;

/* `path` is kept.  `source` tells what is read; a position of another one
 * does not count.  `mark` is empty if there is none. */
struct maillog_position *maillog_position_open(const char *path,
					       const char *source,
					       char mark[LOG_MARK_BYTES]);
void maillog_position_close(struct maillog_position *position);

/* The line with that number, which rises, begins at the mark. */
void maillog_position_note(struct maillog_position *position, uint64_t number,
			   const char *mark);

/* Lines from `number` on are to be read again: saves the mark at or before
 * it, if that is another one than was saved last. */
bool maillog_position_save(struct maillog_position *position, uint64_t number,
			   struct why *why);

#endif
