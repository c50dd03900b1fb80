#include "sql/spool_reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"

/* A file is created before it is locked; one this young may belong to a
 * writer between the two. */
#define ORPHAN_AGE_MS 2000

struct spool_reader {
	int top, open, new, bad;
	int watch;
};

static int
open_part(int top, const char *name, const char *directory, struct why *why)
{
	int fd;

	if (mkdirat(top, name, 0770) != 0 && errno != EEXIST) {
		why_set(why, "cannot make %s/%s: %s", directory, name,
			strerror(errno));
		return -1;
	}
	fd = openat(top, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		why_set(why, "cannot open %s/%s: %s", directory, name,
			strerror(errno));
	return fd;
}

struct spool_reader *
spool_reader_open(const char *directory, struct why *why)
{
	struct spool_reader *reader = xcalloc(1, sizeof(*reader));

	reader->open = reader->new = reader->bad = reader->watch = -1;
	reader->top = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (reader->top < 0)
		why_set(why, "cannot open the spool %s: %s", directory,
			strerror(errno));
	if (reader->top >= 0)
		reader->open = open_part(reader->top, "open", directory, why);
	if (reader->open >= 0)
		reader->new = open_part(reader->top, "new", directory, why);
	if (reader->new >= 0)
		reader->bad = open_part(reader->top, "bad", directory, why);
	if (reader->bad >= 0)
		return reader;
	spool_reader_close(reader);
	return NULL;
}

static void
close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

void
spool_reader_close(struct spool_reader *reader)
{
	if (reader == NULL)
		return;
	close_one(reader->watch);
	close_one(reader->bad);
	close_one(reader->new);
	close_one(reader->open);
	close_one(reader->top);
	free(reader);
}

int
spool_reader_top(const struct spool_reader *reader)
{
	return reader->top;
}

int
spool_reader_bad(const struct spool_reader *reader)
{
	return reader->bad;
}

int
spool_reader_watch(struct spool_reader *reader)
{
	char path[64];

	if (reader->watch >= 0)
		return reader->watch;
	reader->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (reader->watch < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", reader->new);
	if (inotify_add_watch(reader->watch, path,
			      IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
		close(reader->watch);
		reader->watch = -1;
	}
	return reader->watch;
}

void
spool_reader_watched(struct spool_reader *reader)
{
	char events[4096];

	while (reader->watch >= 0 &&
	       read(reader->watch, events, sizeof(events)) > 0)
		continue;
}

/* Opens a directory for reading without touching the position of ours. */
static DIR *
read_directory(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = copy >= 0 ? fdopendir(copy) : NULL;

	if (directory == NULL && copy >= 0)
		close(copy);
	return directory;
}

static bool
ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len > end_len && strcmp(name + len - end_len, end) == 0;
}

static bool
is_spool_name(const char *name)
{
	return name[0] != '.' && strlen(name) < SPOOL_NAME_BYTES &&
	       ends_in(name, ".jsonl");
}

/* Opens and locks a regular file that still has its name. */
static enum spool_take
lock_file(int directory, const char *name, int *fd, struct stat *is,
	  struct why *why)
{
	enum spool_take result = SPOOL_TAKE_ERROR;
	struct stat named;

	*fd = openat(directory, name,
		     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT)
		return SPOOL_TAKE_GONE;
	if (*fd < 0) {
		why_set(why, "cannot open %s: %s", name, strerror(errno));
		return SPOOL_TAKE_ERROR;
	}
	if (fstat(*fd, is) != 0 || !S_ISREG(is->st_mode))
		why_set(why, "%s is not a regular file", name);
	else if (flock(*fd, LOCK_EX | LOCK_NB) != 0)
		result = SPOOL_TAKE_BUSY;
	else if (fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) != 0 ||
		 named.st_ino != is->st_ino || fstat(*fd, is) != 0)
		result = SPOOL_TAKE_GONE;
	else
		return SPOOL_TAKEN;
	close(*fd);
	return result;
}

/* The file is locked: nobody writes to it any more. */
static bool
move_orphan(struct spool_reader *reader, const char *name,
	    const struct stat *is, struct why *why)
{
	char to[SPOOL_NAME_BYTES + 24];
	long long changed_ms = (long long)is->st_mtim.tv_sec * 1000 +
			       is->st_mtim.tv_nsec / 1000000;

	if (is->st_size == 0)
		return unlinkat(reader->open, name, 0) != 0 &&
		       why_set(why, "cannot remove open/%s: %s", name,
			       strerror(errno));
	snprintf(to, sizeof(to), "%013lld-%s", changed_ms, name);
	if (strlen(to) >= SPOOL_NAME_BYTES)
		return why_set(why, "the name open/%s is too long", name);
	if (renameat(reader->open, name, reader->new, to) != 0)
		return why_set(why, "cannot move open/%s to new/: %s", name,
			       strerror(errno));
	return true;
}

unsigned
spool_reader_adopt(struct spool_reader *reader, struct why *why)
{
	DIR *directory = read_directory(reader->open);
	int64_t now_ms = clock_unix_ms();
	unsigned moved = 0;
	struct dirent *entry;
	struct stat is;
	int fd;

	why->text[0] = '\0';
	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		if (!is_spool_name(entry->d_name) ||
		    lock_file(reader->open, entry->d_name, &fd, &is, why) !=
			SPOOL_TAKEN)
			continue;
		if (now_ms - (int64_t)is.st_ctim.tv_sec * 1000 > ORPHAN_AGE_MS)
			moved += move_orphan(reader, entry->d_name, &is, why);
		close(fd);
	}
	if (directory != NULL)
		closedir(directory);
	return moved;
}

/* Names begin with a time in milliseconds, so that byte order is age. */
static int
by_name(const void *a, const void *b)
{
	const struct spool_name *one = a, *other = b;

	return strcmp(one->name, other->name);
}

static void
list_add(struct spool_list *list, const char *name, int64_t bytes)
{
	struct spool_name *to;

	if (list->count == 2 * SPOOL_LIST_MOST) {
		qsort(list->names, list->count, sizeof(*list->names), by_name);
		list->count = SPOOL_LIST_MOST;
	}
	to = &list->names[list->count++];
	memcpy(to->name, name, strlen(name) + 1);
	to->bytes = bytes;
}

bool
spool_reader_list(struct spool_reader *reader, const char *unlisted,
		  struct spool_list *list, struct why *why)
{
	DIR *directory = read_directory(reader->new);
	struct dirent *entry;
	struct stat is;

	if (directory == NULL)
		return why_set(why, "cannot read new/: %s", strerror(errno));
	if (list->names == NULL)
		list->names =
		    xcalloc(2 * SPOOL_LIST_MOST, sizeof(*list->names));
	list->count = list->files = 0;
	list->bytes = 0;
	while ((entry = readdir(directory)) != NULL) {
		if (!is_spool_name(entry->d_name) ||
		    fstatat(reader->new, entry->d_name, &is,
			    AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		list->files++;
		list->bytes += is.st_size;
		if (unlisted == NULL || !ends_in(entry->d_name, unlisted))
			list_add(list, entry->d_name, is.st_size);
	}
	closedir(directory);
	qsort(list->names, list->count, sizeof(*list->names), by_name);
	if (list->count > SPOOL_LIST_MOST)
		list->count = SPOOL_LIST_MOST;
	return true;
}

void
spool_list_free(struct spool_list *list)
{
	free(list->names);
	list->names = NULL;
}

enum spool_take
spool_reader_take(struct spool_reader *reader, const char *name,
		  struct spool_file *file, struct why *why)
{
	enum spool_take result;
	struct stat is;

	result = lock_file(reader->new, name, &file->fd, &is, why);
	if (result == SPOOL_TAKEN)
		memcpy(file->name, name, strlen(name) + 1);
	return result;
}

void
spool_reader_leave(struct spool_file *file)
{
	close(file->fd);
	file->fd = -1;
}

bool
spool_reader_remove(struct spool_reader *reader, struct spool_file *file,
		    struct why *why)
{
	bool ok = unlinkat(reader->new, file->name, 0) == 0;

	if (!ok)
		why_set(why, "cannot remove new/%s: %s", file->name,
			strerror(errno));
	spool_reader_leave(file);
	return ok;
}

bool
spool_reader_set_aside(struct spool_reader *reader, struct spool_file *file,
		       struct why *why)
{
	bool ok =
	    renameat(reader->new, file->name, reader->bad, file->name) == 0;

	if (!ok)
		why_set(why, "cannot move new/%s to bad/: %s", file->name,
			strerror(errno));
	spool_reader_leave(file);
	return ok;
}

bool
spool_reader_replace(struct spool_reader *reader, const char *name,
		     const char *bytes, size_t len, struct why *why)
{
	return spool_write_file(reader->new, name, bytes, len, why);
}

static bool
write_all(int fd, const char *bytes, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

bool
spool_write_file(int directory, const char *name, const char *bytes, size_t len,
		 struct why *why)
{
	char temporary[SPOOL_NAME_BYTES + 32];
	bool ok;
	int fd;

	snprintf(temporary, sizeof(temporary), ".%.255s.%ld", name,
		 (long)getpid());
	temporary[SPOOL_NAME_BYTES - 1] = '\0';
	fd =
	    openat(directory, temporary,
		   O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0660);
	if (fd < 0)
		return why_set(why, "cannot write %s: %s", name,
			       strerror(errno));
	ok = write_all(fd, bytes, len) && fsync(fd) == 0;
	if (close(fd) != 0)
		ok = false;
	if (ok && renameat(directory, temporary, directory, name) == 0)
		return fsync(directory) == 0 || errno == EINVAL ||
		       why_set(why, "cannot sync %s: %s", name,
			       strerror(errno));
	why_set(why, "cannot write %s: %s", name, strerror(errno));
	unlinkat(directory, temporary, 0);
	return false;
}
