#include "tlsrpt-collector/log_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"

#define HEAD_BYTES 256

/* --- one file --- */

/* FNV-1a: nobody gains by two logs that begin alike. */
static uint64_t
hash(const char *bytes, size_t len)
{
	uint64_t value = 14695981039346656037u;

	for (size_t i = 0; i < len; i++)
		value = (value ^ (unsigned char)bytes[i]) * 1099511628211u;
	return value;
}

static bool
read_head(int fd, unsigned most, struct log_file *file)
{
	char bytes[HEAD_BYTES];
	ssize_t got = pread(fd, bytes, most, 0);

	if (got < 0)
		return false;
	file->head_bytes = (unsigned)got;
	file->head = hash(bytes, (size_t)got);
	return true;
}

bool
log_file_read(int fd, struct log_file *file)
{
	struct stat stat;

	if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode))
		return false;
	file->device = (uint64_t)stat.st_dev;
	file->inode = (uint64_t)stat.st_ino;
	file->bytes = (uint64_t)stat.st_size;
	file->changed_ns =
	    (int64_t)stat.st_mtim.tv_sec * 1000000000 + stat.st_mtim.tv_nsec;
	return read_head(fd, HEAD_BYTES, file);
}

bool
log_file_has_head(int fd, const struct log_file *file)
{
	struct log_file head = {0};

	return read_head(fd, file->head_bytes, &head) &&
	       head.head_bytes == file->head_bytes && head.head == file->head;
}

void
log_file_write(const struct log_file *file, uint64_t offset, char *to,
	       size_t room)
{
	snprintf(to, room,
		 "file %" PRIu64 " %u %" PRIx64 " %" PRId64 " %" PRIu64,
		 file->inode, file->head_bytes, file->head, file->changed_ns,
		 offset);
}

bool
log_file_parse(const char *text, struct log_file *file, uint64_t *offset)
{
	*file = (struct log_file){0};
	return sscanf(text,
		      "file %" SCNu64 " %u %" SCNx64 " %" SCNd64 " %" SCNu64,
		      &file->inode, &file->head_bytes, &file->head,
		      &file->changed_ns, offset) == 5 &&
	       file->head_bytes <= HEAD_BYTES;
}

/* --- siblings --- */

struct search {
	const char *path;
	const struct log_file *file;
	uint64_t offset;
	char *found;   /* same content */
	bool is_exact; /* and same number */
};

static bool
is_packed(const char *name)
{
	static const char *const ends[] = {".gz",  ".xz", ".bz2",
					   ".zst", ".Z",  ".lz4"};
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (len > strlen(ends[i]) &&
		    strcmp(name + len - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

static bool
is_sibling(const char *name, const char *log)
{
	size_t len = strlen(log);

	return strncmp(name, log, len) == 0 &&
	       (name[len] == '\0' || name[len] == '.' || name[len] == '-') &&
	       !is_packed(name);
}

/* Calls for the log and all siblings, as far as they can be read. */
static void
each(const char *path, void (*visit)(void *data, const char *path, int fd),
     void *data)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL ? xstrdup(".") : xstrdup(path);
	DIR *dir;
	struct dirent *entry;

	if (slash != NULL)
		folder[slash == path ? 1 : slash - path] = '\0';
	dir = opendir(folder);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char one[PATH_MAX];
		int fd;

		if (!is_sibling(entry->d_name,
				slash == NULL ? path : slash + 1))
			continue;
		snprintf(one, sizeof(one), "%s/%s", folder, entry->d_name);
		fd = openat(dirfd(dir), entry->d_name,
			    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd >= 0) {
			visit(data, one, fd);
			close(fd);
		}
	}
	if (dir != NULL)
		closedir(dir);
	free(folder);
}

static void
look(void *data, const char *path, int fd)
{
	struct search *search = data;
	struct log_file there;
	bool is_exact;

	if (!log_file_read(fd, &there) || there.bytes < search->offset ||
	    !log_file_has_head(fd, search->file))
		return;
	is_exact = there.inode == search->file->inode;
	/* of an empty file, the content tells nothing */
	if (!is_exact && (search->is_exact || search->file->head_bytes == 0))
		return;
	free(search->found);
	search->found = xstrdup(path);
	search->is_exact = is_exact;
}

char *
log_files_find(const char *path, const struct log_file *file, uint64_t offset)
{
	struct search search = {path, file, offset, NULL, false};
	struct stat found, log;

	each(path, look, &search);
	/* the same spelling for the log itself */
	if (search.found != NULL && stat(search.found, &found) == 0 &&
	    stat(path, &log) == 0 && found.st_ino == log.st_ino &&
	    found.st_dev == log.st_dev) {
		free(search.found);
		search.found = xstrdup(path);
	}
	return search.found;
}

struct newer {
	const struct log_file *than;
	uint64_t log_inode;
	struct sibling {
		char *path;
		int64_t changed_ns;
	} * siblings;
	size_t count;
};

static void
collect(void *data, const char *path, int fd)
{
	struct newer *newer = data;
	struct log_file file;

	if (!log_file_read(fd, &file) || file.inode == newer->than->inode ||
	    file.inode == newer->log_inode ||
	    file.changed_ns < newer->than->changed_ns)
		return;
	newer->siblings = xrealloc(newer->siblings, newer->count + 1,
				   sizeof(*newer->siblings));
	newer->siblings[newer->count].path = xstrdup(path);
	newer->siblings[newer->count++].changed_ns = file.changed_ns;
}

static int
by_change(const void *a, const void *b)
{
	int64_t x = ((const struct sibling *)a)->changed_ns;
	int64_t y = ((const struct sibling *)b)->changed_ns;

	return x < y ? -1 : x > y;
}

size_t
log_files_newer(const char *path, const struct log_file *than, char **paths,
		size_t most)
{
	struct newer newer = {.than = than};
	struct stat log;
	size_t count = 0;

	if (stat(path, &log) == 0)
		newer.log_inode = (uint64_t)log.st_ino;
	each(path, collect, &newer);
	if (newer.count > 0)
		qsort(newer.siblings, newer.count, sizeof(*newer.siblings),
		      by_change);
	for (size_t i = 0; i < newer.count; i++)
		if (count < most)
			paths[count++] = newer.siblings[i].path;
		else
			free(newer.siblings[i].path);
	free(newer.siblings);
	return count;
}
