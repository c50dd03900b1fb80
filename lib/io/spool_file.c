#include "io/spool_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"

/* Names that are taken are passed over; more than this is no accident. */
#define MOST_TRIES 1000

static bool
cannot(const struct spool_folder *folder, const char *what, struct why *why)
{
	const char *remedy = "make it writable for this program's user";

	if (errno == ENOENT)
		remedy = "create it, owned by this program's user";
	else if (errno == ENOSPC || errno == EDQUOT)
		remedy = "make room on the disk";
	else if (errno == EROFS)
		remedy = "mount it writable";
	return why_set(why, "cannot %s the spool %.200s: %s; %s", what,
		       folder->directory, strerror(errno), remedy);
}

/* Opens a folder, and makes it if it is missing.  The loader's user belongs
 * to the group, whatever the umask says. */
static bool
open_below(const struct spool_folder *folder, int parent, const char *name,
	   int *fd, struct why *why)
{
	bool made = mkdirat(parent, name, 0770) == 0;

	if (!made && errno != EEXIST)
		return cannot(folder, "make a folder in", why);
	*fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return cannot(folder, "open a folder of", why);
	if (made && fchmod(*fd, 0770) != 0)
		return cannot(folder, "set the mode of a folder in", why);
	if (faccessat(*fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
		return cannot(folder, "write to a folder of", why);
	return true;
}

bool
spool_folder_open(struct spool_folder *folder, const char *directory,
		  struct why *why)
{
	int top, bad_fd = -1;
	bool ok;

	folder->open_fd = folder->new_fd = -1;
	folder->directory = xstrdup(directory);
	top = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0) {
		cannot(folder, "open", why);
		spool_folder_close(folder);
		return false;
	}
	ok = open_below(folder, top, "open", &folder->open_fd, why) &&
	     open_below(folder, top, "new", &folder->new_fd, why) &&
	     open_below(folder, top, "bad", &bad_fd, why);
	if (bad_fd >= 0)
		close(bad_fd);
	close(top);
	if (!ok)
		spool_folder_close(folder);
	return ok;
}

void
spool_folder_close(struct spool_folder *folder)
{
	if (folder->open_fd >= 0)
		close(folder->open_fd);
	if (folder->new_fd >= 0)
		close(folder->new_fd);
	free(folder->directory);
}

struct spool_waiting
spool_folder_waiting(const struct spool_folder *folder)
{
	int fd =
	    openat(folder->new_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct spool_waiting sum = {0, 0};
	struct dirent *entry;
	struct stat st;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return sum;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' ||
		    fstatat(folder->new_fd, entry->d_name, &st,
			    AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		sum.files++;
		sum.bytes += (uint64_t)st.st_size;
	}
	closedir(dir);
	return sum;
}

/* Between creation and lock a loader may have taken the file for one that a
 * dead writer left. */
static bool
is_still_ours(const struct spool_folder *folder, int fd, const char *name)
{
	struct stat by_name, by_fd;

	return flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &by_fd) == 0 &&
	       fstatat(folder->open_fd, name, &by_name, AT_SYMLINK_NOFOLLOW) ==
		   0 &&
	       by_name.st_ino == by_fd.st_ino && by_name.st_dev == by_fd.st_dev;
}

struct spool_file *
spool_file_create(const struct spool_folder *folder, const char *stem,
		  uint64_t *sequence, struct why *why)
{
	struct spool_file *file = xcalloc(1, sizeof(*file));
	int tries;

	for (tries = 0; tries < MOST_TRIES; tries++) {
		snprintf(file->name, sizeof(file->name), "%.200s.%ju.jsonl",
			 stem, (uintmax_t)(*sequence)++);
		file->fd = openat(folder->open_fd, file->name,
				  O_WRONLY | O_CREAT | O_EXCL | O_APPEND |
				      O_CLOEXEC | O_NOFOLLOW,
				  0660);
		if (file->fd < 0 && errno == EEXIST)
			continue;
		if (file->fd < 0)
			break;
		if (is_still_ours(folder, file->fd, file->name)) {
			fchmod(file->fd, 0660);
			file->opened_ms = clock_monotonic_ms();
			file->synced_ms = file->opened_ms;
			return file;
		}
		close(file->fd);
	}
	cannot(folder, "create a file in", why);
	free(file);
	return NULL;
}

bool
spool_file_append(struct spool_file *file, struct text line, struct why *why)
{
	struct iovec parts[2] = {{(void *)(uintptr_t)line.at, line.len},
				 {(void *)(uintptr_t) "\n", 1}};
	ssize_t written;

	do {
		written = writev(file->fd, parts, 2);
	} while (written < 0 && errno == EINTR);
	if (written == (ssize_t)line.len + 1) {
		file->bytes += line.len + 1;
		file->dirty = true;
		return true;
	}
	if (written >= 0)
		errno = ENOSPC;
	why_set(why, "cannot write to the spool: %s", strerror(errno));
	if (written > 0 && ftruncate(file->fd, (off_t)file->bytes) != 0)
		file->broken = true;
	return false;
}

static bool
rename_new(const struct spool_folder *folder, const char *from, const char *to)
{
	if (renameat2(folder->open_fd, from, folder->new_fd, to,
		      RENAME_NOREPLACE) == 0)
		return true;
	/* a file system that does not know the flag */
	if (errno == EINVAL || errno == ENOSYS)
		return renameat(folder->open_fd, from, folder->new_fd, to) == 0;
	return false;
}

bool
spool_file_publish(const struct spool_folder *folder, struct spool_file *file)
{
	char to[NAME_MAX + 1];
	int64_t now_ms = clock_unix_ms();
	int tries;

	if (file->bytes == 0)
		return unlinkat(folder->open_fd, file->name, 0) == 0 ||
		       errno == ENOENT;
	for (tries = 0; tries < MOST_TRIES; tries++) {
		snprintf(to, sizeof(to), "%013jd-%.235s",
			 (intmax_t)now_ms + tries, file->name);
		if (rename_new(folder, file->name, to))
			return true;
		if (errno == ENOENT)
			return true; /* taken away by an administrator */
		if (errno != EEXIST)
			return false;
	}
	return false;
}

void
spool_file_free(struct spool_file *file)
{
	close(file->fd);
	free(file);
}
