/* log.h - one line for each thing worth knowing
 *
 * Programs log, library code returns.  Lines are logfmt; the caller escapes
 * nothing: log_pair quotes values that need it and runs them through
 * utf8_for_log.  A line is one write(2), at most LIMIT_LOG_LINE_BYTES ("..."
 * ends one that was cut); control bytes in it become "?".  Safe from any
 * thread; before log_open lines go to stderr.
 */
#ifndef IO_LOG_H
#define IO_LOG_H

#include <stdbool.h>

#include "base/buf.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* `to` is "syslog" (facility mail), "stderr", "stderr-journal" (with the
 * "<6>" prefixes of sd-daemon(3)) or "auto": stderr, with these prefixes if
 * it leads to the journal ($JOURNAL_STREAM).  `program` is kept, not copied.
 * May be called again. */
void log_open(const char *program, const char *to, bool debug);

/* True if debug lines are wanted: what is dear to build asks first. */
bool log_wants_debug(void);

void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Appends " name=value" (no space first in an empty buf), quoted as logfmt
 * wants it when the value is empty or holds spaces, quotes, '=' or control
 * bytes. */
void log_pair(struct buf *line, const char *name, struct text value);

#endif
