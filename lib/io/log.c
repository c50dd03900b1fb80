#include "io/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/utf8.h"

enum target { TARGET_STDERR, TARGET_JOURNAL, TARGET_SYSLOG };

/* Written by log_open alone, before there are threads or by the one that
 * reads the configuration again. */
static _Atomic(const char *) program_name = "signet";
static atomic_int target = TARGET_STDERR;
static atomic_bool wants_debug;

/* systemd tells the device and inode of the journal's socket. */
static bool
stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char here[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	snprintf(here, sizeof(here), "%ju:%ju", (uintmax_t)st.st_dev,
		 (uintmax_t)st.st_ino);
	return strcmp(here, stream) == 0;
}

void
log_open(const char *program, const char *to, bool debug)
{
	int chosen = TARGET_STDERR;

	if (strcmp(to, "syslog") == 0)
		chosen = TARGET_SYSLOG;
	else if (strcmp(to, "stderr-journal") == 0 ||
		 (strcmp(to, "auto") == 0 && stderr_is_journal()))
		chosen = TARGET_JOURNAL;
	if (chosen == TARGET_SYSLOG)
		openlog(program, LOG_PID, LOG_MAIL);
	atomic_store(&program_name, program);
	atomic_store(&wants_debug, debug);
	atomic_store(&target, chosen);
}

bool
log_wants_debug(void)
{
	return atomic_load_explicit(&wants_debug, memory_order_relaxed);
}

static int
priority(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return LOG_ERR;
	case LOG_LEVEL_WARNING:
		return LOG_WARNING;
	case LOG_LEVEL_INFO:
		return LOG_INFO;
	case LOG_LEVEL_DEBUG:
		return LOG_DEBUG;
	}
	return LOG_ERR;
}

/* A reader of the log must not take half a line for one, nor see its
 * terminal obey. */
static void
make_harmless(char *line, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
}

/* Puts "..." at the end of a line that was cut, not within a character. */
static size_t
mark_cut(char *line, size_t length)
{
	size_t keep = length - 3;

	while (keep > 0 && ((unsigned char)line[keep] & 0xc0) == 0x80)
		keep--;
	memcpy(line + keep, "...", 3);
	return keep + 3;
}

static void
write_line(const char *line, size_t length)
{
	ssize_t written;

	do {
		written = write(STDERR_FILENO, line, length);
	} while (written < 0 && errno == EINTR);
}

void
log_line(enum log_level level, const char *format, ...)
{
	char line[LIMIT_LOG_LINE_BYTES + 64];
	size_t head = 0, room = LIMIT_LOG_LINE_BYTES, length;
	int to = atomic_load(&target), saved = errno, wanted;
	va_list args;

	if (level == LOG_LEVEL_DEBUG && !log_wants_debug())
		return;
	if (to == TARGET_JOURNAL)
		head = (size_t)snprintf(line, 8, "<%d>", priority(level));
	else if (to == TARGET_STDERR)
		head = (size_t)snprintf(line, 48,
					"%.40s: ", atomic_load(&program_name));
	va_start(args, format);
	wanted = vsnprintf(line + head, room, format, args);
	va_end(args);
	if (wanted < 0)
		return;
	length = head + (size_t)wanted;
	if ((size_t)wanted >= room)
		length = mark_cut(line, head + room - 1);
	make_harmless(line + head, length - head);
	line[length] = '\0';
	if (to == TARGET_SYSLOG) {
		syslog(priority(level), "%s", line);
	} else {
		line[length] = '\n';
		write_line(line, length + 1);
	}
	errno = saved;
}

static bool
needs_quotes(struct text value)
{
	size_t i;

	for (i = 0; i < value.len; i++)
		if (value.at[i] == ' ' || value.at[i] == '"' ||
		    value.at[i] == '=' || value.at[i] == '\\')
			return true;
	return value.len == 0;
}

void
log_pair(struct buf *line, const char *name, struct text value)
{
	struct text shown;
	size_t i;

	if (line->len > 0)
		buf_char(line, ' ');
	buf_string(line, name);
	buf_char(line, '=');
	shown = utf8_for_log(line->arena, value, LIMIT_LOG_LINE_BYTES);
	/* a value in which something had to be hidden is quoted as well */
	if (!needs_quotes(shown) && text_equal(shown, value)) {
		buf_text(line, shown);
		return;
	}
	buf_char(line, '"');
	for (i = 0; i < shown.len; i++) {
		if (shown.at[i] == '"' || shown.at[i] == '\\')
			buf_char(line, '\\');
		buf_char(line, shown.at[i]);
	}
	buf_char(line, '"');
}
