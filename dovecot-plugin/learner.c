#include "dovecot-plugin/learner.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "dovecot-plugin/batch.h"
#include "dovecot-plugin/event_owner.h"
#include "dovecot-plugin/event_rate.h"
#include "dovecot-plugin/mailbox_settings.h"
#include "io/clock.h"
#include "io/in_work.h"
#include "io/log.h"
#include "io/pg.h"

#define CALL_MS 60000
#define PAUSE_MOST_MS 10000
/* Without notice of any kind the spool is looked through so often. */
#define LOOK_MS 5000

struct learner {
	struct learner_options options;
	struct event_spool *spool;
	struct event_rate *rate;
	struct pg *pg;
	struct batch batch;
	pthread_t thread;
	int wake; /* eventfd: the end */
	bool stopping;
	bool usable;	 /* the database has what we need */
	bool in_trouble; /* and it was told */
	pthread_mutex_t lock;
	struct learner_counts counts;
};

/* --- trouble: one line when it begins, one when it ends --- */

static void
tell_away(struct learner *learner, const struct why *why)
{
	if (!learner->in_trouble)
		log_warning("learning waits, events stay in the spool, mail "
			    "is delivered by what is known: %s",
			    why->text);
	learner->in_trouble = true;
	pthread_mutex_lock(&learner->lock);
	learner->counts.is_away = true;
	pthread_mutex_unlock(&learner->lock);
}

static void
tell_back(struct learner *learner)
{
	if (learner->in_trouble)
		log_info("learning goes on");
	learner->in_trouble = false;
	pthread_mutex_lock(&learner->lock);
	learner->counts.is_away = false;
	pthread_mutex_unlock(&learner->lock);
}

/* A database that has not what we need is as good as none: no event is to
 * blame for it. */
static bool
is_usable(struct learner *learner, struct why *why)
{
	enum pg_status status;

	if (learner->usable && pg_is_connected(learner->pg))
		return true;
	status = pg_run(learner->pg,
			"select * from signet.mailbox_versions('{}')", why);
	learner->usable = status == PG_DONE;
	if (status == PG_REFUSED)
		why_prefix(why, "the database is not as signet-load "
				"--migrate makes it");
	return learner->usable;
}

/* --- a batch --- */

static void
count_batch(struct learner *learner, const struct batch_result *result)
{
	struct learner_counts *counts = &learner->counts;

	pthread_mutex_lock(&learner->lock);
	counts->batches++;
	counts->events += result->events;
	counts->again += result->again;
	counts->spam += result->trained.spam;
	counts->ham += result->trained.ham;
	counts->undone += result->trained.undone;
	pthread_mutex_unlock(&learner->lock);
}

static void
finish(struct learner *learner, const struct batch_result *result)
{
	struct batch *batch = &learner->batch;
	size_t i;

	count_batch(learner, result);
	for (i = 0; i < batch->count; i++)
		event_spool_remove(learner->spool, batch->items[i].name);
	if (result->parts && learner->options.written != NULL)
		learner->options.written(learner->options.handle);
	tell_back(learner);
}

static void
put_aside(struct learner *learner, const char *name, bool keep,
	  const struct why *why)
{
	event_spool_aside(learner->spool, name, keep, why);
	pthread_mutex_lock(&learner->lock);
	learner->counts.refused++;
	pthread_mutex_unlock(&learner->lock);
}

/* Is it the event, and not the database? */
static bool
is_to_blame(struct learner *learner, struct why *why)
{
	learner->usable = false;
	return is_usable(learner, why);
}

/* Which of them is it? */
static bool
write_singly(struct learner *learner, struct why *why)
{
	struct batch *batch = &learner->batch, *one;
	enum pg_status status = PG_DONE;
	struct batch_result result;
	struct why ignored;
	size_t i;

	one = xcalloc(1, sizeof(*one));
	for (i = 0; i < batch->count && status != PG_AWAY; i++) {
		*one = *batch;
		one->items[0] = batch->items[i];
		one->count = 1;
		status = batch_write(one, &result, why);
		if (status == PG_DONE) {
			count_batch(learner, &result);
			event_spool_remove(learner->spool,
					   batch->items[i].name);
		} else if (status == PG_REFUSED) {
			if (!is_to_blame(learner, &ignored))
				break;
			put_aside(learner, batch->items[i].name, true, why);
		}
	}
	free(one);
	return learner->usable && status != PG_AWAY;
}

/* False: Postgres is away, the files stay. */
static bool
write_batch(struct learner *learner, struct why *why)
{
	struct batch_result result;

	if (learner->batch.count == 0)
		return true;
	switch (batch_write(&learner->batch, &result, why)) {
	case PG_DONE:
		finish(learner, &result);
		return true;
	case PG_REFUSED:
		return write_singly(learner, why);
	case PG_NOT_ASKED:
	case PG_AWAY:
		break;
	}
	return false;
}

static void
clear_batch(struct learner *learner)
{
	struct batch *batch = &learner->batch;

	arena_reset(batch->arena);
	batch->count = batch->bytes = 0;
}

/* --- files --- */

/* Is it an event, and may its writer say so? */
static bool
check_event(struct learner *learner, const struct event_file *file,
	    struct text bytes, uid_t owner, struct mailbox_event *event,
	    struct why *why)
{
	return event_read(learner->batch.arena, text_from(file->name), bytes,
			  event, why) &&
	       event_owner_may(learner->options.owner, owner, event->user, why);
}

static void
take_bytes(struct learner *learner, const struct event_file *file,
	   struct text bytes, uid_t owner)
{
	struct mailbox_event event;
	struct why why;

	if (!in_work_try("the event", text_from(file->name),
			 text_from(file->name))) {
		why_set(&why, "the program died of it");
		put_aside(learner, file->name, false, &why);
	} else if (!check_event(learner, file, bytes, owner, &event, &why)) {
		put_aside(learner, file->name, false, &why);
	} else if (event_rate_may(learner->rate, event.user, file->id)) {
		batch_add(&learner->batch, file->name, &event);
	}
}

static void
take_file(struct learner *learner, const struct event_file *file)
{
	size_t most = learner->options.settings->max_event;
	struct text bytes;
	struct why why;
	uid_t owner;

	if (event_rate_is_deferred(learner->rate, file->id))
		return;
	switch (event_spool_read(learner->spool, learner->batch.arena,
				 file->name, most, &bytes, &owner, &why)) {
	case EVENT_READ_DONE:
		break;
	case EVENT_READ_BAD:
		put_aside(learner, file->name, false, &why);
		return;
	case EVENT_READ_TROUBLE:
		log_error("%s: %s", file->name, why.text);
		return;
	case EVENT_READ_NONE:
	case EVENT_READ_GONE:
		return;
	}
	learner->batch.bytes += bytes.len;
	take_bytes(learner, file, bytes, owner);
	in_work_done();
}

static bool
is_stopping(struct learner *learner)
{
	return __atomic_load_n(&learner->stopping, __ATOMIC_ACQUIRE);
}

/* All files that are there now.  False: try again later. */
static bool
take_files(struct learner *learner, const struct event_file *files,
	   size_t count, struct why *why)
{
	bool good = true;
	size_t i;

	event_rate_begin(learner->rate, clock_monotonic_ms());
	for (i = 0; i < count && good && !is_stopping(learner); i++) {
		take_file(learner, &files[i]);
		if (!batch_is_full(&learner->batch) && i + 1 < count)
			continue;
		good = write_batch(learner, why);
		clear_batch(learner);
	}
	clear_batch(learner);
	return good;
}

/* One look through the spool.  False: trouble. */
static bool
look(struct learner *learner, bool *more, struct why *why)
{
	struct arena *arena = arena_new();
	struct event_file *files;
	bool good;
	size_t count;

	*more = false;
	good = event_spool_list(learner->spool, arena, &files, &count, more,
				why) &&
	       (count == 0 || is_usable(learner, why)) &&
	       take_files(learner, files, count, why);
	if (!good)
		tell_away(learner, why);
	else if (count == 0 && learner->in_trouble && is_usable(learner, why))
		tell_back(learner);
	arena_free(arena);
	return good;
}

/* --- waiting --- */

static void
drain(int fd)
{
	char bytes[64];

	while (fd >= 0 && recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) >= 0)
		;
}

static void
wait_for_more(struct learner *learner, int64_t wait_ms, bool heed)
{
	struct pollfd fds[3] = {
	    {learner->wake, POLLIN, 0},
	    {heed ? learner->options.nudge : -1, POLLIN, 0},
	    {heed ? event_spool_watch(learner->spool) : -1, POLLIN, 0},
	};

	poll(fds, 3, (int)wait_ms);
	drain(learner->options.nudge);
	event_spool_seen(learner->spool);
}

static void *
run(void *handle)
{
	struct learner *learner = handle;
	int64_t pause_ms;
	struct why why;
	bool more;

	while (!is_stopping(learner)) {
		if (look(learner, &more, &why)) {
			if (!more)
				wait_for_more(learner, LOOK_MS, true);
			continue;
		}
		pause_ms = pg_pause_ms(learner->pg);
		wait_for_more(learner, pause_ms > 0 ? pause_ms : 1000, false);
	}
	return NULL;
}

/* --- opening --- */

struct learner *
learner_open(const struct learner_options *options, struct why *why)
{
	struct event_spool *spool =
	    event_spool_open(options->settings->spool, why);
	struct learner *learner;
	struct pg_options pg = {
	    .conninfo = options->settings->common.conninfo,
	    .program = "signet-mailbox",
	    .call_ms = CALL_MS,
	    .pause_most_ms = PAUSE_MOST_MS,
	};

	if (spool == NULL)
		return NULL;
	learner = xcalloc(1, sizeof(*learner));
	learner->options = *options;
	learner->spool = spool;
	learner->rate = event_rate_new(options->settings->user_events);
	learner->pg = pg_open(&pg);
	learner->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	learner->batch.settings = options->settings;
	learner->batch.cache = options->cache;
	learner->batch.pg = learner->pg;
	learner->batch.arena = arena_new();
	pthread_mutex_init(&learner->lock, NULL);
	return learner;
}

bool
learner_start(struct learner *learner)
{
	return pthread_create(&learner->thread, NULL, run, learner) == 0;
}

bool
learner_stop(struct learner *learner, int64_t wait_ms)
{
	struct timespec until;
	uint64_t one = 1;

	__atomic_store_n(&learner->stopping, true, __ATOMIC_RELEASE);
	(void)!write(learner->wake, &one, sizeof(one));
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)(wait_ms / 1000);
	return pthread_timedjoin_np(learner->thread, NULL, &until) == 0;
}

void
learner_close(struct learner *learner)
{
	pg_close(learner->pg);
	event_spool_close(learner->spool);
	event_rate_free(learner->rate);
	arena_free(learner->batch.arena);
	close(learner->wake);
	pthread_mutex_destroy(&learner->lock);
	free(learner);
}

struct learner_counts
learner_counts(struct learner *learner)
{
	struct learner_counts counts;

	pthread_mutex_lock(&learner->lock);
	counts = learner->counts;
	pthread_mutex_unlock(&learner->lock);
	counts.spool = event_spool_counts(learner->spool);
	counts.deferred = event_rate_deferred(learner->rate);
	return counts;
}
