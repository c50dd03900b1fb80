/* log_journal.h - the lines of the journal, through journalctl(1)
 *
 * A child, "journalctl -o json -f --after-cursor ...", writes what the mail
 * server logs (syslog facility mail); it is started again when it ends.  The
 * journal knows each entry by its cursor, which is the mark.
 */
#ifndef TLSRPT_COLLECTOR_LOG_JOURNAL_H
#define TLSRPT_COLLECTOR_LOG_JOURNAL_H

#include "tlsrpt-collector/log_feed.h"

/* Goes on behind the entry of `mark`; if it is empty, with what comes from
 * now on.  `program` is journalctl's path. */
void log_journal_open(const char *program, const char *mark,
		      struct log_feed *feed);

#endif
