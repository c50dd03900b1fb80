#include "tlsrpt-collector/maillog_position.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
	struct maillog_told told; /* as saved: from that mark on */
};

/* The second line; a file of before has none. */
static void
read_told(struct text line, struct maillog_told *told)
{
	char copy[128];

	snprintf(copy, sizeof(copy), TEXT_FMT, TEXT_ARG(line));
	if (sscanf(copy, "told %" SCNu64 " %" SCNd64, &told->number,
		   &told->newest_us) != 2)
		*told = (struct maillog_told){0, 0};
}

static void
read_file(const char *path, const char *source, char mark[LOG_MARK_BYTES],
	  struct maillog_told *told)
{
	struct arena *arena = arena_new();
	struct text text, line, head = text_from(source);

	mark[0] = '\0';
	*told = (struct maillog_told){0, 0};
	if (file_read(arena, path, 2 * LOG_MARK_BYTES, &text, NULL)) {
		line = text_first(text, text_find(text, '\n'));
		if (text_starts(line, head) &&
		    text_starts(text_skip(line, head.len), TEXT(" "))) {
			snprintf(mark, LOG_MARK_BYTES, TEXT_FMT,
				 TEXT_ARG(text_skip(line, head.len + 1)));
			read_told(text_skip(text, line.len + 1), told);
		}
	}
	arena_free(arena);
}

struct maillog_position *
maillog_position_open(const char *path, const char *source,
		      char mark[LOG_MARK_BYTES], struct maillog_told *told)
{
	struct maillog_position *position = xcalloc(1, sizeof(*position));

	position->path = path;
	position->source = xstrdup(source);
	read_file(path, source, mark, told);
	position->told = *told;
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
	   const struct maillog_told *told, struct why *why)
{
	char part[4096];
	bool good;
	int fd;

	snprintf(part, sizeof(part), "%s.part", position->path);
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	good = fd >= 0 && dprintf(fd, "%s %s\ntold %" PRIu64 " %" PRId64 "\n",
				  position->source, mark, told->number,
				  told->newest_us) > 0;
	if (fd >= 0)
		good = close(fd) == 0 && good;
	if (good && rename(part, position->path) == 0)
		return true;
	return why_set(why, "%s: %s", part, strerror(errno));
}

bool
maillog_position_save(struct maillog_position *position, uint64_t number,
		      const struct maillog_told *told, struct why *why)
{
	struct maillog_told from_mark = *told;
	size_t at = 0;

	while (at + 1 < position->count &&
	       position->marks[at + 1].number <= number)
		at++;
	if (position->count == 0 || position->marks[at].number > number)
		return true;
	drop_first(position, at);
	from_mark.number -= position->marks[0].number;
	if (strcmp(position->marks[0].mark, position->saved) == 0 &&
	    from_mark.number == position->told.number &&
	    from_mark.newest_us == position->told.newest_us)
		return true;
	if (!write_file(position, position->marks[0].mark, &from_mark, why))
		return false;
	position->told = from_mark;
	snprintf(position->saved, sizeof(position->saved), "%s",
		 position->marks[0].mark);
	return true;
}
