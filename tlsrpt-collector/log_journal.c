#include "tlsrpt-collector/log_journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/deadline.h"
#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/child.h"
#include "io/clock.h"
#include "io/log.h"
#include "mailtls/postfix_log.h"

#define AGAIN_MS 5000

struct journal {
	const char *program;
	char cursor[LOG_MARK_BYTES]; /* of the last line that was given */
	pid_t child;		     /* 0: none */
	int fd;
	bool was_started, told;
	struct deadline again;
	struct arena *arena;
	size_t len, at;
	bool skips;
	char buffer[LIMIT_MAILLOG_LINE_BYTES];
};

/* --- the child --- */

static void
start(struct journal *journal)
{
	char after[LOG_MARK_BYTES + 32];
	const char *arguments[] = {
	    journal->program,
	    "--follow",
	    "--output=json",
	    "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,SYSLOG_PID,_PID,"
	    "_HOSTNAME,_SOURCE_REALTIME_TIMESTAMP",
	    "SYSLOG_FACILITY=2",
	    "--lines=0",
	    NULL,
	    NULL};
	struct why why;

	if (journal->cursor[0] != '\0') {
		snprintf(after, sizeof(after), "--after-cursor=%s",
			 journal->cursor);
		arguments[5] = "--lines=all";
		arguments[6] = after;
	}
	journal->again = clock_deadline_in(AGAIN_MS);
	if (child_follow(arguments, &journal->child, &journal->fd, &why)) {
		journal->told = false;
		return;
	}
	journal->child = 0;
	journal->fd = -1;
	if (!journal->told)
		log_warning("the journal is not read: %s", why.text);
	journal->told = true;
}

static void
end(struct journal *journal)
{
	if (journal->child > 0)
		child_end(journal->child);
	if (journal->fd >= 0)
		close(journal->fd);
	journal->child = 0;
	journal->fd = -1;
	journal->len = journal->at = 0;
	journal->skips = false;
}

/* --- lines --- */

static bool
fill(struct journal *journal)
{
	ssize_t got;

	memmove(journal->buffer, journal->buffer + journal->at,
		journal->len - journal->at);
	journal->len -= journal->at;
	journal->at = 0;
	if (journal->len == sizeof(journal->buffer)) {
		journal->skips = true;
		journal->len = 0;
	}
	do
		got = read(journal->fd, journal->buffer + journal->len,
			   sizeof(journal->buffer) - journal->len);
	while (got < 0 && errno == EINTR);
	if (got > 0) {
		journal->len += (size_t)got;
		return true;
	}
	if (got == 0 || errno != EAGAIN)
		end(journal); /* it ended; start again in a while */
	return false;
}

static bool
take_line(struct journal *journal, struct text *line)
{
	struct text rest =
	    text_of(journal->buffer + journal->at, journal->len - journal->at);
	size_t at = text_find(rest, '\n');

	if (at == rest.len)
		return false;
	journal->at += at + 1;
	*line = text_first(rest, at);
	if (!journal->skips)
		return true;
	journal->skips = false;
	return take_line(journal, line);
}

static void
note_cursor(struct journal *journal, struct text line)
{
	struct postfix_log log;

	postfix_log_parse_json(journal->arena, line, &log);
	if (log.cursor.len > 0 && log.cursor.len < LOG_MARK_BYTES) {
		snprintf(journal->cursor, LOG_MARK_BYTES, TEXT_FMT,
			 TEXT_ARG(log.cursor));
	}
	arena_reset(journal->arena);
}

static bool
next_line(void *handle, struct text *line)
{
	struct journal *journal = handle;

	if (journal->fd < 0 &&
	    (!journal->was_started ||
	     deadline_left_ms(journal->again, clock_monotonic_ms()) <= 0)) {
		journal->was_started = true;
		start(journal);
	}
	while (journal->fd >= 0) {
		if (take_line(journal, line)) {
			note_cursor(journal, *line);
			return true;
		}
		if (!fill(journal))
			return false;
	}
	return false;
}

/* Behind the line that was given last begins the next. */
static void
write_mark(void *handle, char to[LOG_MARK_BYTES])
{
	struct journal *journal = handle;

	memcpy(to, journal->cursor, LOG_MARK_BYTES);
}

static int
fd_of(void *handle)
{
	struct journal *journal = handle;

	return journal->fd;
}

static void
close_journal(void *handle)
{
	struct journal *journal = handle;

	end(journal);
	arena_free(journal->arena);
	free(journal);
}

void
log_journal_open(const char *program, const char *mark, struct log_feed *feed)
{
	struct journal *journal = xcalloc(1, sizeof(*journal));

	journal->program = program;
	journal->fd = -1;
	journal->arena = arena_new();
	snprintf(journal->cursor, sizeof(journal->cursor), "%s", mark);
	*feed = (struct log_feed){next_line,	 write_mark, fd_of,
				  close_journal, journal,    true};
}
