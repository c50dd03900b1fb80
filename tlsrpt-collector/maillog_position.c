#include "tlsrpt-collector/maillog_position.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/file.h"

/* kept marks; of more, each second one goes */
#define MARKS 2048

struct noted {
	uint64_t number;
	char *mark;
};

struct maillog_position {
	const char *path;
	char *source;
	struct noted marks[MARKS]; /* rising */
	size_t count;
	char saved[LOG_MARK_BYTES];
};

static void
read_mark(const char *path, const char *source, char mark[LOG_MARK_BYTES])
{
	struct arena *arena = arena_new();
	struct text text, head = text_from(source);

	mark[0] = '\0';
	if (file_read(arena, path, 2 * LOG_MARK_BYTES, &text, NULL)) {
		text = text_first(text, text_find(text, '\n'));
		if (text_starts(text, head) &&
		    text_starts(text_skip(text, head.len), TEXT(" ")))
			snprintf(mark, LOG_MARK_BYTES, TEXT_FMT,
				 TEXT_ARG(text_skip(text, head.len + 1)));
	}
	arena_free(arena);
}

struct maillog_position *
maillog_position_open(const char *path, const char *source,
		      char mark[LOG_MARK_BYTES])
{
	struct maillog_position *position = xcalloc(1, sizeof(*position));

	position->path = path;
	position->source = xstrdup(source);
	read_mark(path, source, mark);
	snprintf(position->saved, sizeof(position->saved), "%s", mark);
	return position;
}

static void
drop_first(struct maillog_position *position, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(position->marks[i].mark);
	position->count -= count;
	memmove(position->marks, position->marks + count,
		position->count * sizeof(position->marks[0]));
}

void
maillog_position_close(struct maillog_position *position)
{
	drop_first(position, position->count);
	free(position->source);
	free(position);
}

/* The first stays: it may be the one that counts. */
static void
thin_out(struct maillog_position *position)
{
	size_t kept = 0;

	for (size_t i = 0; i < position->count; i++)
		if (i % 2 == 0)
			position->marks[kept++] = position->marks[i];
		else
			free(position->marks[i].mark);
	position->count = kept;
}

void
maillog_position_note(struct maillog_position *position, uint64_t number,
		      const char *mark)
{
	struct noted *last;

	if (position->count > 0) {
		last = &position->marks[position->count - 1];
		if (last->number == number) {
			free(last->mark);
			last->mark = xstrdup(mark);
			return;
		}
	}
	if (position->count == MARKS)
		thin_out(position);
	position->marks[position->count++] =
	    (struct noted){number, xstrdup(mark)};
}

static bool
write_file(const struct maillog_position *position, const char *mark,
	   struct why *why)
{
	char part[4096];
	bool good;
	int fd;

	snprintf(part, sizeof(part), "%s.part", position->path);
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	good = fd >= 0 && dprintf(fd, "%s %s\n", position->source, mark) > 0;
	if (fd >= 0)
		good = close(fd) == 0 && good;
	if (good && rename(part, position->path) == 0)
		return true;
	return why_set(why, "%s: %s", part, strerror(errno));
}

bool
maillog_position_save(struct maillog_position *position, uint64_t number,
		      struct why *why)
{
	size_t at = 0;

	while (at + 1 < position->count &&
	       position->marks[at + 1].number <= number)
		at++;
	if (position->count == 0 || position->marks[at].number > number)
		return true;
	drop_first(position, at);
	if (strcmp(position->marks[0].mark, position->saved) == 0)
		return true;
	if (!write_file(position, position->marks[0].mark, why))
		return false;
	snprintf(position->saved, sizeof(position->saved), "%s",
		 position->marks[0].mark);
	return true;
}
