#include "milter/user_lists.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/log.h"
#include "judge/trusted_lists.h"

#define LOOK_MS 1000

/* Which file it was. */
struct identity {
	bool is_there;
	dev_t device;
	ino_t inode;
	off_t bytes;
	struct timespec changed;
};

struct user_lists {
	char *path;
	unsigned references; /* under `shared_lock` */
	pthread_mutex_t lock;
	int64_t next_ms;
	bool was_seen;
	struct identity seen;
	unsigned refused;
	struct arena *arena; /* of the lists; NULL: there are none */
	struct trusted_lists lists;
};

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static struct user_lists *shared;

/* --- reading, under the lock --- */

static struct identity
identify(const char *path)
{
	struct identity now = {.is_there = false};
	struct stat found;

	if (stat(path, &found) != 0)
		return now;
	now.is_there = true;
	now.device = found.st_dev;
	now.inode = found.st_ino;
	now.bytes = found.st_size;
	now.changed = found.st_mtim;
	return now;
}

static bool
is_same(const struct identity *a, const struct identity *b)
{
	return a->is_there == b->is_there && a->device == b->device &&
	       a->inode == b->inode && a->bytes == b->bytes &&
	       a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

static void
drop(struct user_lists *lists)
{
	arena_free(lists->arena);
	lists->arena = NULL;
	lists->lists = (struct trusted_lists){NULL, 0};
}

static void
read_again(struct user_lists *lists)
{
	struct arena *arena = arena_new();
	struct trusted_lists found;
	struct text text;
	struct why why;

	if (!file_read(arena, lists->path, LIMIT_TRUSTED_LISTS_BYTES, &text,
		       &why) ||
	    !trusted_lists_parse(arena, text, &found, &why)) {
		lists->refused++;
		log_warning("lists_file %s was not taken over, the old lists "
			    "stay: %s",
			    lists->path, why.text);
		arena_free(arena);
		return;
	}
	drop(lists);
	lists->arena = arena;
	lists->lists = found;
	log_info("%zu lists of users from %s", found.count, lists->path);
}

static void
look(struct user_lists *lists)
{
	int64_t now_ms = clock_monotonic_ms();
	struct identity now;

	if (now_ms < lists->next_ms)
		return;
	lists->next_ms = now_ms + LOOK_MS;
	now = identify(lists->path);
	if (lists->was_seen && is_same(&now, &lists->seen))
		return;
	lists->seen = now;
	lists->was_seen = true;
	if (now.is_there) {
		read_again(lists);
		return;
	}
	log_info("there is no lists_file %s: no list of users counts",
		 lists->path);
	drop(lists);
}

/* --- open and close --- */

static struct user_lists *
make(const char *path)
{
	struct user_lists *lists = xcalloc(1, sizeof(*lists));

	lists->path = xstrdup(path);
	pthread_mutex_init(&lists->lock, NULL);
	look(lists);
	return lists;
}

struct user_lists *
user_lists_open(const char *path)
{
	struct user_lists *lists;

	if (path == NULL)
		return NULL;
	pthread_mutex_lock(&shared_lock);
	lists = shared != NULL && strcmp(shared->path, path) == 0 ? shared
								  : make(path);
	shared = lists;
	lists->references++;
	pthread_mutex_unlock(&shared_lock);
	return lists;
}

void
user_lists_close(struct user_lists *lists)
{
	bool is_last;

	if (lists == NULL)
		return;
	pthread_mutex_lock(&shared_lock);
	is_last = --lists->references == 0;
	if (is_last && shared == lists)
		shared = NULL;
	pthread_mutex_unlock(&shared_lock);
	if (!is_last)
		return;
	drop(lists);
	pthread_mutex_destroy(&lists->lock);
	free(lists->path);
	free(lists);
}

bool
user_lists_have(struct user_lists *lists, struct text id,
		struct domain verified)
{
	bool have;

	if (lists == NULL)
		return false;
	pthread_mutex_lock(&lists->lock);
	look(lists);
	have = trusted_lists_find(&lists->lists, id, verified) != NULL;
	pthread_mutex_unlock(&lists->lock);
	return have;
}

unsigned
user_lists_refused(struct user_lists *lists)
{
	unsigned refused;

	pthread_mutex_lock(&lists->lock);
	refused = lists->refused;
	pthread_mutex_unlock(&lists->lock);
	return refused;
}
