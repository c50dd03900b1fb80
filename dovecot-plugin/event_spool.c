#include "dovecot-plugin/event_spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "dovecot-plugin/event_read.h"
#include "io/clock.h"
#include "io/log.h"

#define BAD "bad"
/* What a writer did not finish in this time it never will. */
#define UNFINISHED_S 3600
/* Files that can neither be taken nor put aside: told of once. */
#define STUCK_MOST 1000
/* Lines about files put aside in a minute; beyond it they are counted. */
#define LINES_MOST 100

struct event_spool {
	int fd, bad_fd, watch;
	char *directory;
	char (*stuck)[NAME_MAX + 1];
	size_t stuck_count;
	size_t bad_count;
	int64_t minute;
	unsigned lines;
	pthread_mutex_t lock; /* of the counts */
	struct event_spool_counts counts;
};

static bool
fail(const struct event_spool *spool, const char *what, struct why *why)
{
	return why_set(why, "%.300s/%s: %s", spool->directory, what,
		       strerror(errno));
}

/* --- opening --- */

static size_t
count_files(int fd)
{
	DIR *all = fdopendir(dup(fd));
	size_t count = 0;

	if (all == NULL)
		return 0;
	rewinddir(all);
	while (readdir(all) != NULL)
		count++;
	closedir(all);
	return count > 2 ? count - 2 : 0;
}

/* Nobody may have made it for us. */
static bool
open_bad(struct event_spool *spool, struct why *why)
{
	struct stat status;

	if (mkdirat(spool->fd, BAD, 0700) != 0 && errno != EEXIST)
		return fail(spool, BAD, why);
	spool->bad_fd = openat(spool->fd, BAD,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (spool->bad_fd < 0 || fstat(spool->bad_fd, &status) != 0)
		return fail(spool, BAD, why);
	if (status.st_uid != geteuid())
		return why_set(why, "%.300s/" BAD " is not ours: remove it",
			       spool->directory);
	spool->bad_count = count_files(spool->bad_fd);
	return true;
}

static bool
open_directory(struct event_spool *spool, struct why *why)
{
	spool->fd = open(spool->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (spool->fd < 0)
		return why_set(why, "%.300s: %s", spool->directory,
			       strerror(errno));
	if (!open_bad(spool, why))
		return false;
	/* without it files are found a little later */
	spool->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (spool->watch >= 0)
		inotify_add_watch(spool->watch, spool->directory, IN_MOVED_TO);
	return true;
}

struct event_spool *
event_spool_open(const char *directory, struct why *why)
{
	struct event_spool *spool = xcalloc(1, sizeof(*spool));

	spool->directory = xstrdup(directory);
	spool->fd = spool->bad_fd = spool->watch = -1;
	spool->stuck = xcalloc(STUCK_MOST, sizeof(*spool->stuck));
	pthread_mutex_init(&spool->lock, NULL);
	if (open_directory(spool, why))
		return spool;
	event_spool_close(spool);
	return NULL;
}

void
event_spool_close(struct event_spool *spool)
{
	if (spool == NULL)
		return;
	if (spool->fd >= 0)
		close(spool->fd);
	if (spool->bad_fd >= 0)
		close(spool->bad_fd);
	if (spool->watch >= 0)
		close(spool->watch);
	pthread_mutex_destroy(&spool->lock);
	free(spool->stuck);
	free(spool->directory);
	free(spool);
}

int
event_spool_watch(const struct event_spool *spool)
{
	return spool->watch;
}

void
event_spool_seen(struct event_spool *spool)
{
	char notices[4096];

	while (spool->watch >= 0 &&
	       read(spool->watch, notices, sizeof(notices)) > 0)
		;
}

/* --- aside --- */

static bool
is_stuck(const struct event_spool *spool, const char *name)
{
	size_t i;

	for (i = 0; i < spool->stuck_count; i++)
		if (strcmp(spool->stuck[i], name) == 0)
			return true;
	return false;
}

static void
note_stuck(struct event_spool *spool, const char *name)
{
	if (spool->stuck_count < STUCK_MOST && !is_stuck(spool, name))
		snprintf(spool->stuck[spool->stuck_count++], NAME_MAX + 1, "%s",
			 name);
}

/* A flood of files is no flood of lines. */
static bool
may_tell(struct event_spool *spool)
{
	int64_t minute = clock_monotonic_ms() / 60000;

	if (minute != spool->minute) {
		if (spool->lines > LINES_MOST)
			log_warning("%s: %u more files were put aside",
				    spool->directory,
				    spool->lines - LINES_MOST);
		spool->minute = minute;
		spool->lines = 0;
	}
	return ++spool->lines <= LINES_MOST;
}

/* The name as a log may show it. */
static void
tell_aside(struct event_spool *spool, const char *name, const char *where,
	   const struct why *reason)
{
	struct arena *arena = arena_new();
	struct text shown = utf8_for_log(arena, text_from(name), 120);

	pthread_mutex_lock(&spool->lock);
	spool->counts.aside++;
	pthread_mutex_unlock(&spool->lock);
	if (may_tell(spool))
		log_warning("%s/" TEXT_FMT " %s: %s", spool->directory,
			    TEXT_ARG(shown), where, reason->text);
	arena_free(arena);
}

/* A directory of somebody else cannot be moved, and can be removed if it is
 * empty. */
static bool
remove_any(int fd, const char *name)
{
	return unlinkat(fd, name, 0) == 0 || errno == ENOENT ||
	       unlinkat(fd, name, AT_REMOVEDIR) == 0;
}

void
event_spool_aside(struct event_spool *spool, const char *name, bool keep,
		  const struct why *reason)
{
	bool room = spool->bad_count < EVENT_SPOOL_BAD;

	if (is_stuck(spool, name))
		return;
	if (room && renameat(spool->fd, name, spool->bad_fd, name) == 0) {
		spool->bad_count++;
		tell_aside(spool, name, "is put aside into " BAD "/", reason);
		return;
	}
	if (errno == ENOENT && room)
		return;
	if (!keep && remove_any(spool->fd, name)) {
		tell_aside(spool, name, "is removed", reason);
		return;
	}
	note_stuck(spool, name);
	tell_aside(spool, name, "stays and does not count", reason);
	/* what an administrator took out of bad/ makes room */
	spool->bad_count = count_files(spool->bad_fd);
}

void
event_spool_remove(struct event_spool *spool, const char *name)
{
	if (!remove_any(spool->fd, name))
		log_error("%s/%s: cannot be removed: %s", spool->directory,
			  name, strerror(errno));
}

/* --- looking --- */

static bool
is_old(const struct event_spool *spool, const char *name)
{
	struct stat status;

	return fstatat(spool->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       clock_unix_ms() / 1000 - status.st_mtime > UNFINISHED_S;
}

/* ".breaker-UID", in which deliveries count answers that did not come. */
static bool
is_breaker(const char *name)
{
	static const char start[] = ".breaker-";
	size_t length = strlen(name);

	return strncmp(name, start, sizeof(start) - 1) == 0 &&
	       strspn(name + sizeof(start) - 1, "0123456789") ==
		   length - (sizeof(start) - 1);
}

static void
take_foreign(struct event_spool *spool, const char *name)
{
	struct why reason;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strcmp(name, BAD) == 0)
		return;
	if (is_breaker(name) ||
	    (strncmp(name, ".tmp-", 5) == 0 && !is_old(spool, name)))
		return;
	why_set(&reason, name[0] == '.' ? "it was never finished"
					: "it has not the name of an event");
	event_spool_aside(spool, name, false, &reason);
}

static int
by_time(const void *a, const void *b)
{
	const struct event_file *left = a, *right = b;

	if (left->at_us != right->at_us)
		return left->at_us < right->at_us ? -1 : 1;
	return strcmp(left->name, right->name);
}

static uint64_t
first_half(struct text id)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < 16; i++)
		value = value << 4 |
			(uint64_t)(id.at[i] <= '9' ? id.at[i] - '0'
						   : id.at[i] - 'a' + 10);
	return value;
}

static void
take_name(struct event_spool *spool, struct arena *arena, const char *name,
	  struct event_file *files, size_t *count)
{
	struct event_file *file = &files[*count];
	struct text id;

	if (is_stuck(spool, name))
		return;
	if (!event_name_read(text_from(name), &file->at_us, &id)) {
		take_foreign(spool, name);
		return;
	}
	file->name = text_string(arena, text_from(name));
	file->id = first_half(id);
	(*count)++;
}

static void
note_waiting(struct event_spool *spool, const struct event_file *files,
	     size_t count)
{
	pthread_mutex_lock(&spool->lock);
	spool->counts.waiting = count;
	spool->counts.oldest_us = count > 0 ? files[0].at_us : 0;
	pthread_mutex_unlock(&spool->lock);
}

bool
event_spool_list(struct event_spool *spool, struct arena *arena,
		 struct event_file **files, size_t *count, bool *more,
		 struct why *why)
{
	int fd = openat(spool->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *all = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *one;

	if (all == NULL) {
		fail(spool, ".", why);
		if (fd >= 0)
			close(fd);
		return false;
	}
	*files = arena_new_array(arena, struct event_file, EVENT_SPOOL_FILES);
	*count = 0;
	*more = false;
	while ((one = readdir(all)) != NULL) {
		if (*count == EVENT_SPOOL_FILES) {
			*more = true;
			break;
		}
		take_name(spool, arena, one->d_name, *files, count);
	}
	closedir(all);
	if (*count > 0)
		qsort(*files, *count, sizeof(**files), by_time);
	note_waiting(spool, *files, *count);
	return true;
}

/* --- reading --- */

static bool
check_file(const struct stat *status, size_t most, struct why *why)
{
	if (!S_ISREG(status->st_mode))
		return why_set(why, "it is no plain file");
	if (status->st_nlink != 1)
		return why_set(why, "it has another name elsewhere");
	if (status->st_size > (off_t)most)
		return why_set(why, "it has more than %zu bytes", most);
	return true;
}

/* What grows meanwhile is cut: then it is no event any more. */
static bool
read_bytes(int fd, size_t most, struct arena *arena, struct text *bytes,
	   struct why *why)
{
	char *at = arena_bytes(arena, most + 1);
	size_t used = 0;
	ssize_t got;

	while (used < most) {
		got = read(fd, at + used, most - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return why_set(why, "it cannot be read: %s",
				       strerror(errno));
		if (got == 0)
			break;
		used += (size_t)got;
	}
	*bytes = text_of(at, used);
	return true;
}

static enum event_read_status
open_failed(struct why *why)
{
	int error = errno;

	why_set(why, "it cannot be opened: %s", strerror(error));
	switch (error) {
	case ENOENT:
		return EVENT_READ_GONE;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EIO:
		return EVENT_READ_TROUBLE;
	default:
		return EVENT_READ_BAD;
	}
}

enum event_read_status
event_spool_read(struct event_spool *spool, struct arena *arena,
		 const char *name, size_t most, struct text *bytes,
		 uid_t *owner, struct why *why)
{
	enum event_read_status result = EVENT_READ_BAD;
	struct stat status;
	int fd =
	    openat(spool->fd, name,
		   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return open_failed(why);
	if (fstat(fd, &status) == 0 && check_file(&status, most, why) &&
	    read_bytes(fd, (size_t)status.st_size, arena, bytes, why)) {
		*owner = status.st_uid;
		result = EVENT_READ_DONE;
	}
	close(fd);
	return result;
}

struct event_spool_counts
event_spool_counts(struct event_spool *spool)
{
	struct event_spool_counts counts;

	pthread_mutex_lock(&spool->lock);
	counts = spool->counts;
	pthread_mutex_unlock(&spool->lock);
	return counts;
}
