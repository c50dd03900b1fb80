#include "tlsrpt-collector/log_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/xalloc.h"
#include "io/log.h"
#include "tlsrpt-collector/log_files.h"

#define QUEUE 100 /* rotated files that are read one after the other */

struct tail {
	const char *path;
	int fd; /* -1: not open */
	struct log_file file;
	char *queue[QUEUE]; /* to be read before `path`; the first is open */
	size_t queued;
	bool is_rotated; /* fd is queue[0], not path */
	uint64_t offset; /* in the file, of the first byte of `buffer` */
	size_t len, at;	 /* bytes in it; begin of the next line */
	bool skips;	 /* within a line that is too long */
	bool told;	 /* that the file cannot be opened */
	char buffer[LIMIT_MAILLOG_LINE_BYTES];
};

/* --- files --- */

static void
close_file(struct tail *tail)
{
	if (tail->fd >= 0)
		close(tail->fd);
	tail->fd = -1;
	tail->len = tail->at = 0;
	tail->skips = false;
	if (tail->is_rotated) {
		free(tail->queue[0]);
		tail->queued--;
		memmove(tail->queue, tail->queue + 1,
			tail->queued * sizeof(tail->queue[0]));
		tail->is_rotated = false;
	}
}

static void
tell_once(struct tail *tail, const char *path)
{
	if (!tail->told)
		log_warning("%s: %s; it is waited for", path, strerror(errno));
	tail->told = true;
}

static bool
open_at(struct tail *tail, const char *path, uint64_t offset, bool is_rotated)
{
	tail->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (tail->fd < 0 || !log_file_read(tail->fd, &tail->file)) {
		tell_once(tail, path);
		if (tail->fd >= 0)
			close(tail->fd);
		tail->fd = -1;
		return false;
	}
	tail->told = false;
	tail->offset = offset;
	tail->is_rotated = is_rotated;
	return true;
}

/* What comes next: rotated files, then the log itself. */
static bool
open_next(struct tail *tail)
{
	while (tail->queued > 0) {
		if (open_at(tail, tail->queue[0], 0, true))
			return true;
		tail->is_rotated = true; /* gone: close_file drops it */
		close_file(tail);
	}
	return open_at(tail, tail->path, 0, false);
}

/* Files that were written after that one, and the rest of it. */
static void
queue_newer(struct tail *tail, const struct log_file *than)
{
	tail->queued = log_files_newer(tail->path, than, tail->queue, QUEUE);
}

/* --- rotation --- */

/* The log was emptied under us: the rest may be in a copy. */
static void
take_copy(struct tail *tail)
{
	struct log_file old = tail->file;
	uint64_t offset = tail->offset + tail->at;
	char *copy;

	close_file(tail);
	copy = log_files_find(tail->path, &old, offset);
	if (copy != NULL) {
		tail->queue[0] = copy;
		tail->queued = 1;
		if (open_at(tail, copy, offset, true))
			return;
		tail->is_rotated = true;
		close_file(tail);
	}
	open_next(tail);
}

/* Whether there is less, or something else, than what was read. */
static bool
was_emptied(struct tail *tail)
{
	struct log_file now;

	if (tail->is_rotated || !log_file_read(tail->fd, &now))
		return false;
	if (now.bytes < tail->offset + tail->len ||
	    !log_file_has_head(tail->fd, &tail->file))
		return true;
	tail->file = now;
	return false;
}

/* At the end of what is there: has the file been renamed? */
static bool
look_for_rotation(struct tail *tail)
{
	struct stat there, here;

	if (tail->is_rotated) {
		close_file(tail);
		return open_next(tail);
	}
	if (stat(tail->path, &there) != 0 || there.st_size == 0 ||
	    fstat(tail->fd, &here) != 0 ||
	    (there.st_ino == here.st_ino && there.st_dev == here.st_dev))
		return false;
	/* what was written between the last look and the rename */
	if ((uint64_t)here.st_size > tail->offset + tail->len)
		return true;
	close_file(tail);
	queue_newer(tail, &tail->file);
	return open_next(tail);
}

/* --- lines --- */

static bool
fill(struct tail *tail)
{
	ssize_t got;

	if (tail->at > 0) {
		memmove(tail->buffer, tail->buffer + tail->at,
			tail->len - tail->at);
		tail->offset += tail->at;
		tail->len -= tail->at;
		tail->at = 0;
	}
	if (tail->len == sizeof(tail->buffer)) {
		tail->skips = true;
		tail->offset += tail->len;
		tail->len = 0;
	}
	got = pread(tail->fd, tail->buffer + tail->len,
		    sizeof(tail->buffer) - tail->len,
		    (off_t)(tail->offset + tail->len));
	if (got <= 0)
		return false;
	tail->len += (size_t)got;
	return true;
}

/* A whole line of what is in the buffer. */
static bool
take_line(struct tail *tail, struct text *line)
{
	struct text rest =
	    text_of(tail->buffer + tail->at, tail->len - tail->at);
	size_t end = text_find(rest, '\n');

	if (end == rest.len)
		return false;
	tail->at += end + 1;
	*line = text_first(rest, end);
	if (!tail->skips)
		return true;
	tail->skips = false;
	return take_line(tail, line);
}

static bool
next_line(void *handle, struct text *line)
{
	struct tail *tail = handle;

	if (tail->fd < 0 && !open_next(tail))
		return false;
	for (;;) {
		if (take_line(tail, line))
			return true;
		if (was_emptied(tail))
			take_copy(tail);
		if (tail->fd < 0)
			return false;
		if (!fill(tail) && !look_for_rotation(tail))
			return false;
	}
}

/* --- marks --- */

static void
write_mark(void *handle, char to[LOG_MARK_BYTES])
{
	struct tail *tail = handle;

	if (tail->fd < 0)
		snprintf(to, LOG_MARK_BYTES, "file 0 0 0 0 0");
	else
		log_file_write(&tail->file, tail->offset + tail->at, to,
			       LOG_MARK_BYTES);
}

static void
go_on(struct tail *tail, const char *mark)
{
	struct log_file file;
	uint64_t offset;
	char *path;

	if (!log_file_parse(mark, &file, &offset)) {
		if (open_at(tail, tail->path, 0, false))
			tail->offset = tail->file.bytes;
		return;
	}
	path = log_files_find(tail->path, &file, offset);
	if (path == NULL) {
		if (file.inode != 0)
			log_warning("%s: what was read last is no longer "
				    "there; it is read from its beginning",
				    tail->path);
		open_next(tail);
		return;
	}
	if (strcmp(path, tail->path) == 0) {
		free(path);
		open_at(tail, tail->path, offset, false);
		return;
	}
	tail->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (tail->fd >= 0 && log_file_read(tail->fd, &file)) {
		close(tail->fd);
		queue_newer(tail, &file);
	}
	memmove(tail->queue + 1, tail->queue,
		(QUEUE - 1) * sizeof(tail->queue[0]));
	tail->queue[0] = path;
	tail->queued += tail->queued < QUEUE;
	open_at(tail, path, offset, true);
}

static int
no_fd(void *handle)
{
	(void)handle;
	return -1;
}

static void
close_tail(void *handle)
{
	struct tail *tail = handle;

	close_file(tail);
	while (tail->queued > 0)
		free(tail->queue[--tail->queued]);
	free(tail);
}

void
log_tail_open(const char *path, const char *mark, struct log_feed *feed)
{
	struct tail *tail = xcalloc(1, sizeof(*tail));

	tail->path = path;
	tail->fd = -1;
	go_on(tail, mark);
	*feed = (struct log_feed){next_line,  write_mark, no_fd,
				  close_tail, tail,	  false};
}
