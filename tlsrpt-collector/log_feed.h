/* log_feed.h - lines of the mail server's log, wherever it is kept
 *
 * A mark says where a line begins, as text that outlives the program: reading
 * goes on there after a restart.
 */
#ifndef TLSRPT_COLLECTOR_LOG_FEED_H
#define TLSRPT_COLLECTOR_LOG_FEED_H

#include <stdbool.h>

#include "base/text.h"

#define LOG_MARK_BYTES 512

struct log_feed {
	/* The next line without its end; false: there is none now.  It stays
	 * until the next call. */
	bool (*next)(void *handle, struct text *line);
	/* Where the line begins that comes next. */
	void (*mark)(void *handle, char to[LOG_MARK_BYTES]);
	/* To poll for more; -1: look again after a while. */
	int (*fd)(void *handle);
	void (*close)(void *handle);
	void *handle;
	bool is_json; /* lines are objects of the journal */
};

struct maillog_settings;

/* The file or the journal, as the settings say. */
void log_feed_open(const struct maillog_settings *settings, const char *mark,
		   struct log_feed *feed);
/* Which it is: a path, or "journal". */
const char *log_feed_name(const struct maillog_settings *settings);

#endif
