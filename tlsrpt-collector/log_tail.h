/* log_tail.h - the lines of a file that others write and rotate
 *
 * Rotation by rename: the old file is read to its end, and the new one is
 * begun once there is something in it.  Rotation by copying and truncating:
 * what was not read yet is looked for in the copy.  What was rotated while
 * nobody read is read too, as long as it is there and not compressed: files of
 * the same folder whose names begin with that of the log and '.' or '-', in
 * the order of their last change.  A file is known again by its number
 * and its first bytes.
 */
#ifndef TLSRPT_COLLECTOR_LOG_TAIL_H
#define TLSRPT_COLLECTOR_LOG_TAIL_H

#include "tlsrpt-collector/log_feed.h"

/* Goes on at `mark`; if that is empty, at the end of the file; if it is of a
 * file that is no longer there, at the beginning.  The file may be missing:
 * it is waited for. */
void log_tail_open(const char *path, const char *mark, struct log_feed *feed);

#endif
