#include "postfix-policy/sts_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/why.h"
#include "base/xalloc.h"

#define NAME "sts-policies"
#define NAME_NEW "sts-policies.new"
#define NAME_DAMAGED "sts-policies.damaged"

struct sts_file {
	char *directory;
	int dir, fd, new_fd; /* -1: not open */
};

static bool
fail(const struct sts_file *file, const char *name, struct why *why)
{
	return why_set(why, "%.300s/%s: %s", file->directory, name,
		       strerror(errno));
}

struct sts_file *
sts_file_open(const char *directory, struct why *why)
{
	struct sts_file *file = xcalloc(1, sizeof(*file));

	file->directory = xstrdup(directory);
	file->fd = file->new_fd = -1;
	file->dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->dir < 0)
		why_set(why, "%.300s: %s", directory, strerror(errno));
	else if (flock(file->dir, LOCK_EX | LOCK_NB) != 0)
		why_set(why, "%.300s: %s", directory,
			errno == EWOULDBLOCK ? "another process has it"
					     : strerror(errno));
	else
		return file;
	sts_file_close(file);
	return NULL;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
sts_file_close(struct sts_file *file)
{
	if (file == NULL)
		return;
	close_fd(&file->new_fd);
	close_fd(&file->fd);
	close_fd(&file->dir);
	free(file->directory);
	free(file);
}

/* --- reading --- */

struct reader {
	struct arena *arena;
	sts_file_fn *entry;
	void *handle;
	struct sts_file_damage *damage;
	size_t line;
	char *at; /* STS_STORED_LINE_BYTES; what has no newline yet */
	size_t len;
	bool too_long; /* the line that runs; its bytes are dropped */
};

static void
note_damage(struct reader *reader, const char *reason)
{
	struct sts_file_damage *damage = reader->damage;

	if (damage->lines++ > 0)
		return;
	damage->first = reader->line;
	snprintf(damage->reason, sizeof(damage->reason), "%s", reason);
}

static void
take_line(struct reader *reader)
{
	struct sts_stored stored;
	struct why why;

	reader->line++;
	if (reader->too_long)
		note_damage(reader, "it is too long");
	else if (sts_stored_parse(reader->arena,
				  text_of(reader->at, reader->len), &stored,
				  &why))
		reader->entry(reader->handle, reader->arena, &stored);
	else
		note_damage(reader, why.text);
	reader->len = 0;
	reader->too_long = false;
	arena_reset(reader->arena);
}

static void
take_bytes(struct reader *reader, const char *at, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i++) {
		if (at[i] == '\n')
			take_line(reader);
		else if (reader->len == STS_STORED_LINE_BYTES)
			reader->too_long = true;
		else
			reader->at[reader->len++] = at[i];
	}
}

static bool
read_all(struct sts_file *file, struct reader *reader, struct why *why)
{
	static const size_t room = 64u << 10;
	char *bytes = xcalloc(1, room);
	ssize_t got;
	off_t at = 0;

	while ((got = pread(file->fd, bytes, room, at)) > 0) {
		take_bytes(reader, bytes, (size_t)got);
		at += got;
	}
	free(bytes);
	return got == 0 ? true : fail(file, NAME, why);
}

static bool
open_file(struct sts_file *file, struct why *why)
{
	if (file->fd < 0)
		file->fd = openat(
		    file->dir, NAME,
		    O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	return file->fd >= 0 ? true : fail(file, NAME, why);
}

bool
sts_file_read(struct sts_file *file, sts_file_fn *entry, void *handle,
	      struct sts_file_damage *damage, struct why *why)
{
	struct reader reader = {
	    .entry = entry, .handle = handle, .damage = damage};
	bool good;

	*damage = (struct sts_file_damage){.lines = 0};
	if (!open_file(file, why))
		return false;
	reader.arena = arena_new();
	reader.at = xcalloc(1, STS_STORED_LINE_BYTES);
	good = read_all(file, &reader, why);
	damage->cut = good && (reader.len > 0 || reader.too_long);
	free(reader.at);
	arena_free(reader.arena);
	return good;
}

/* --- writing --- */

static bool
write_all(int fd, struct text lines)
{
	while (lines.len > 0) {
		ssize_t done = write(fd, lines.at, lines.len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		lines = text_skip(lines, (size_t)done);
	}
	return true;
}

bool
sts_file_append(struct sts_file *file, struct text lines, struct why *why)
{
	struct stat before;

	if (!open_file(file, why))
		return false;
	if (fstat(file->fd, &before) != 0)
		return fail(file, NAME, why);
	if (write_all(file->fd, lines))
		return true;
	fail(file, NAME, why);
	/* whoever reads leaves out what has no end, should this fail */
	if (ftruncate(file->fd, before.st_size) != 0)
		close_fd(&file->fd);
	return false;
}

bool
sts_file_sync(struct sts_file *file, struct why *why)
{
	if (file->fd < 0 || fdatasync(file->fd) == 0)
		return true;
	return fail(file, NAME, why);
}

bool
sts_file_begin(struct sts_file *file, struct why *why)
{
	close_fd(&file->new_fd);
	unlinkat(file->dir, NAME_NEW, 0);
	file->new_fd =
	    openat(file->dir, NAME_NEW,
		   O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0640);
	return file->new_fd >= 0 ? true : fail(file, NAME_NEW, why);
}

static bool
give_up(struct sts_file *file, struct why *why)
{
	fail(file, NAME_NEW, why);
	close_fd(&file->new_fd);
	unlinkat(file->dir, NAME_NEW, 0);
	return false;
}

bool
sts_file_add(struct sts_file *file, struct text lines, struct why *why)
{
	return write_all(file->new_fd, lines) ? true : give_up(file, why);
}

bool
sts_file_end(struct sts_file *file, bool keep_old, struct why *why)
{
	if (fdatasync(file->new_fd) != 0)
		return give_up(file, why);
	if (keep_old) {
		unlinkat(file->dir, NAME_DAMAGED, 0);
		(void)!linkat(file->dir, NAME, file->dir, NAME_DAMAGED, 0);
	}
	if (renameat(file->dir, NAME_NEW, file->dir, NAME) != 0)
		return give_up(file, why);
	(void)!fsync(file->dir);
	close_fd(&file->fd);
	file->fd = file->new_fd;
	file->new_fd = -1;
	return true;
}
