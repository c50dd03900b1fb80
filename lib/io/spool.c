#include "io/spool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/spool_file.h"

#define FILE_AGE_MS 1000
/* Nobody loads: fewer and larger files, or a week would make 600,000. */
#define FILE_AGE_BEHIND_MS 60000
#define FILES_BEHIND 600
#define FILE_BYTES (1u << 20)
/* Full files that wait for a slow disk; above it a file grows on instead. */
#define MOST_RETIRED 64
/* new/ is counted so often; never more than a fiftieth of the time */
#define COUNT_MS 10000
#define COUNT_OVER_MS 1000
#define COUNT_SHARE 50

struct spool {
	struct spool_folder folder;
	char *stem; /* "PROGRAM.HOST.PID" */
	pid_t owner;
	enum spool_sync sync;
	uint64_t most_bytes;

	pthread_mutex_t lock;
	pthread_cond_t work;	    /* for the thread */
	pthread_cond_t released;    /* users of a retired file fell to 0 */
	struct spool_file *current; /* takes lines; may be NULL */
	struct spool_file *retired; /* to be renamed */
	unsigned retired_count;
	bool fresh; /* retired has files that were not tried yet */
	uint64_t sequence;
	int64_t age_ms;	  /* at which a file goes to new/ */
	int64_t count_ms; /* when new/ is counted again */
	bool stop;

	_Atomic uint64_t lost, waiting; /* waiting: new/ when counted, and
					   what was appended since */
	bool has_thread;
	pthread_t thread;
};

/* --- with the lock held --- */

static void
retire_current(struct spool *spool)
{
	struct spool_file *file = spool->current;

	spool->current = NULL;
	file->next = spool->retired;
	spool->retired = file;
	spool->retired_count++;
	spool->fresh = true;
	pthread_cond_signal(&spool->work);
}

static bool
ensure_current(struct spool *spool, struct why *why)
{
	if (spool->current != NULL && spool->current->broken)
		retire_current(spool);
	if (spool->current != NULL)
		return true;
	spool->current = spool_file_create(&spool->folder, spool->stem,
					   &spool->sequence, why);
	if (spool->current == NULL)
		return false;
	if (spool->sync == SPOOL_SYNC_ALWAYS)
		fsync(spool->folder.open_fd);
	return true;
}

/* fdatasync without the lock; the file is held meanwhile. */
static int
sync_file(struct spool *spool, struct spool_file *file)
{
	int failed;

	file->users++;
	file->dirty = false;
	pthread_mutex_unlock(&spool->lock);
	failed = fdatasync(file->fd);
	pthread_mutex_lock(&spool->lock);
	if (failed)
		file->dirty = true;
	if (--file->users == 0)
		pthread_cond_broadcast(&spool->released);
	return failed;
}

static bool
append_locked(struct spool *spool, struct text line, struct why *why)
{
	struct spool_file *file;

	if (!ensure_current(spool, why) ||
	    !spool_file_append(spool->current, line, why))
		return false;
	file = spool->current;
	if (file->bytes == line.len + 1)
		pthread_cond_signal(&spool->work);
	atomic_fetch_add(&spool->waiting, line.len + 1);
	if (file->bytes >= FILE_BYTES && spool->retired_count < MOST_RETIRED)
		retire_current(spool);
	if (spool->sync == SPOOL_SYNC_ALWAYS && sync_file(spool, file) != 0)
		return why_set(why, "the spool's disk failed in fdatasync");
	return true;
}

/* --- what is due, with the lock held; it is let go for slow calls --- */

/* Syncs and renames one retired file; false if that must be tried again. */
static bool
finish_retired(struct spool *spool, struct spool_file *file)
{
	bool moved;

	if (spool->sync != SPOOL_SYNC_NEVER && file->dirty)
		sync_file(spool, file);
	while (file->users > 0)
		pthread_cond_wait(&spool->released, &spool->lock);
	pthread_mutex_unlock(&spool->lock);
	moved = spool_file_publish(&spool->folder, file);
	if (moved) {
		spool_file_free(file);
		if (spool->sync != SPOOL_SYNC_NEVER)
			fsync(spool->folder.new_fd);
	}
	pthread_mutex_lock(&spool->lock);
	return moved;
}

/* Finishes all that is retired.  What cannot be moved now stays. */
static void
finish_all_retired(struct spool *spool)
{
	struct spool_file *pending = spool->retired, *file;

	spool->retired = NULL;
	spool->fresh = false;
	while ((file = pending) != NULL) {
		pending = file->next;
		if (finish_retired(spool, file)) {
			spool->retired_count--;
			continue;
		}
		file->next = spool->retired;
		spool->retired = file;
	}
}

static bool
is_over(const struct spool *spool)
{
	return spool->most_bytes > 0 &&
	       atomic_load(&spool->waiting) >= spool->most_bytes;
}

/* Counts what waits anew; returns when it should be counted again. */
static int64_t
count_waiting(struct spool *spool, int64_t now_ms)
{
	const struct spool_file *file;
	struct spool_waiting counted;
	int64_t took_ms, pause_ms;

	pthread_mutex_unlock(&spool->lock);
	counted = spool_folder_waiting(&spool->folder);
	took_ms = clock_monotonic_ms() - now_ms;
	pthread_mutex_lock(&spool->lock);
	if (spool->current != NULL)
		counted.bytes += spool->current->bytes;
	for (file = spool->retired; file != NULL; file = file->next)
		counted.bytes += file->bytes;
	atomic_store(&spool->waiting, counted.bytes);
	spool->age_ms =
	    counted.files > FILES_BEHIND ? FILE_AGE_BEHIND_MS : FILE_AGE_MS;
	pause_ms = is_over(spool) ? COUNT_OVER_MS : COUNT_MS;
	if (pause_ms < took_ms * COUNT_SHARE)
		pause_ms = took_ms * COUNT_SHARE;
	return now_ms + pause_ms;
}

static void
take_earlier(int64_t *at, int64_t other)
{
	if (*at < 0 || *at > other)
		*at = other;
}

/* A file with lines that is synced each second. */
static bool
is_synced(const struct spool *spool)
{
	return spool->sync == SPOOL_SYNC_SECOND && spool->current != NULL &&
	       spool->current->bytes > 0;
}

static void
sync_current(struct spool *spool, int64_t now_ms)
{
	if (!is_synced(spool) ||
	    now_ms - spool->current->synced_ms < FILE_AGE_MS)
		return;
	spool->current->synced_ms = now_ms;
	if (spool->current->dirty)
		sync_file(spool, spool->current);
}

/* Renames what is old or full, syncs and counts. */
static void
tend(struct spool *spool, int64_t now_ms)
{
	if (spool->current != NULL && spool->current->bytes > 0 &&
	    now_ms - spool->current->opened_ms >= spool->age_ms)
		retire_current(spool);
	sync_current(spool, now_ms);
	if (spool->retired != NULL)
		finish_all_retired(spool);
	if (now_ms >= spool->count_ms)
		spool->count_ms = count_waiting(spool, now_ms);
}

/* --- the thread --- */

/* When to look again; < 0 when nothing waits. */
static int64_t
next_moment(const struct spool *spool, int64_t now_ms)
{
	int64_t at = -1;

	if (atomic_load(&spool->waiting) > 0)
		take_earlier(&at, spool->count_ms);
	if (spool->current != NULL && spool->current->bytes > 0)
		take_earlier(&at, spool->current->opened_ms + spool->age_ms);
	if (is_synced(spool))
		take_earlier(&at, spool->current->synced_ms + FILE_AGE_MS);
	if (spool->retired != NULL)
		take_earlier(&at, now_ms + FILE_AGE_MS);
	return at;
}

static struct timespec
monotonic_at(int64_t ms)
{
	return (struct timespec){ms / 1000, ms % 1000 * 1000000};
}

/* Until there is something to do, or until `until_ms` (< 0: no end). */
static void
wait_for_work(struct spool *spool, int64_t until_ms)
{
	struct timespec until = monotonic_at(until_ms);

	if (until_ms < 0)
		pthread_cond_wait(&spool->work, &spool->lock);
	else
		pthread_cond_timedwait(&spool->work, &spool->lock, &until);
}

static void *
work(void *handle)
{
	struct spool *spool = handle;
	int64_t now_ms;

	pthread_mutex_lock(&spool->lock);
	while (!spool->stop) {
		now_ms = clock_monotonic_ms();
		tend(spool, now_ms);
		if (!spool->stop && !spool->fresh)
			wait_for_work(spool, next_moment(spool, now_ms));
	}
	pthread_mutex_unlock(&spool->lock);
	return NULL;
}

/* --- for the program --- */

/* Host names come from outside: nothing in them may make a path. */
static char *
make_stem(const struct spool_options *options)
{
	char stem[200], *at;

	snprintf(stem, sizeof(stem), "%.60s.%.100s.%jd", options->program,
		 options->host, (intmax_t)getpid());
	for (at = stem; *at != '\0'; at++)
		if (*at == '/' || (unsigned char)*at <= ' ' || *at == 0x7f)
			*at = '_';
	return xstrdup(stem);
}

static void
free_spool(struct spool *spool)
{
	pthread_cond_destroy(&spool->released);
	pthread_cond_destroy(&spool->work);
	pthread_mutex_destroy(&spool->lock);
	spool_folder_close(&spool->folder);
	free(spool->stem);
	free(spool);
}

struct spool *
spool_open(const struct spool_options *options, struct why *why)
{
	struct spool *spool = xcalloc(1, sizeof(*spool));
	pthread_condattr_t monotonic;

	if (!spool_folder_open(&spool->folder, options->directory, why)) {
		free(spool);
		return NULL;
	}
	spool->stem = make_stem(options);
	spool->owner = getpid();
	spool->sync = options->sync;
	spool->most_bytes = options->most_bytes;
	pthread_mutex_init(&spool->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&spool->work, &monotonic);
	pthread_cond_init(&spool->released, &monotonic);
	pthread_condattr_destroy(&monotonic);
	spool->age_ms = FILE_AGE_MS;
	atomic_store(&spool->waiting,
		     spool_folder_waiting(&spool->folder).bytes);
	spool->has_thread = !options->without_thread;
	if (spool->has_thread &&
	    pthread_create(&spool->thread, NULL, work, spool) != 0) {
		free_spool(spool);
		why_set(why, "cannot start the spool's thread");
		return NULL;
	}
	return spool;
}

void
spool_close(struct spool *spool)
{
	struct spool_file *file;

	if (spool == NULL)
		return;
	pthread_mutex_lock(&spool->lock);
	spool->stop = true;
	pthread_cond_signal(&spool->work);
	pthread_mutex_unlock(&spool->lock);
	if (spool->has_thread)
		pthread_join(spool->thread, NULL);
	pthread_mutex_lock(&spool->lock);
	if (spool->current != NULL)
		retire_current(spool);
	finish_all_retired(spool);
	while ((file = spool->retired) != NULL) {
		/* unlocked in open/: the loader takes it from there */
		spool->retired = file->next;
		spool_file_free(file);
	}
	pthread_mutex_unlock(&spool->lock);
	free_spool(spool);
}

static void
tend_alone(struct spool *spool)
{
	if (getpid() != spool->owner)
		return;
	pthread_mutex_lock(&spool->lock);
	tend(spool, clock_monotonic_ms());
	pthread_mutex_unlock(&spool->lock);
}

bool
spool_append(struct spool *spool, struct text line, struct why *why)
{
	bool kept = false;

	if (!spool->has_thread)
		tend_alone(spool);
	if (getpid() != spool->owner)
		why_set(why, "the spool belongs to the parent process");
	else if (line.len > LIMIT_EVENT_BYTES)
		why_set(why, "the line is longer than %u bytes",
			LIMIT_EVENT_BYTES);
	else if (line.len == 0 || text_has(line, '\n'))
		why_set(why, "the line is empty or more than one");
	else if (is_over(spool))
		why_set(why, "the spool has reached spool_max");
	else {
		pthread_mutex_lock(&spool->lock);
		kept = append_locked(spool, line, why);
		pthread_mutex_unlock(&spool->lock);
	}
	if (!kept)
		atomic_fetch_add(&spool->lost, 1);
	return kept;
}

uint64_t
spool_lost(const struct spool *spool)
{
	return atomic_load(&spool->lost);
}

uint64_t
spool_waiting_bytes(const struct spool *spool)
{
	return atomic_load(&spool->waiting);
}
