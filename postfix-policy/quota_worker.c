#include "postfix-policy/quota_worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/log.h"

/* in one call, so that its lock on the others is short */
#define BATCH 64
#define MOST_QUEUED 20000
#define EXPIRE_MS 60000
#define TELL_MS 60000 /* between two lines about the same */
/* between two looks at a database that is away or refuses */
#define LOOK_MS 1000
#define PAUSE_MOST_MS 10000

struct list {
	struct quota_job *first, **last;
};

struct quota_worker {
	struct quota_worker_options options;
	/* the thread's */
	struct pg *pg;
	struct arena *arena;
	int64_t expire_ms, tell_ms;
	bool in_trouble;
	pthread_t thread;
	bool has_thread;
	/* for all, under the lock */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping, away;
	struct list queue, ready;
	size_t queued;
};

static void
list_init(struct list *list)
{
	list->first = NULL;
	list->last = &list->first;
}

static void
list_add(struct list *list, struct quota_job *job)
{
	job->next = NULL;
	*list->last = job;
	list->last = &job->next;
}

static struct quota_job *
list_take(struct list *list)
{
	struct quota_job *first = list->first;

	list_init(list);
	return first;
}

/* --- the database --- */

static bool
is_asked_in_vain(const struct quota_job *job, int64_t now_ms)
{
	return job->of.recipient.len > 0 && now_ms >= job->deadline_ms;
}

static void
set_all(struct quota_case *const *cases, size_t count,
	enum quota_verdict verdict)
{
	size_t i;

	for (i = 0; i < count; i++)
		cases[i]->verdict = verdict;
}

static enum pg_status
call(struct quota_worker *worker, struct quota_case *const *cases, size_t count,
     struct why *why)
{
	enum pg_status status;

	arena_reset(worker->arena);
	status = quota_call_ask(worker->pg, worker->arena, cases, count, why);
	if (status == PG_DONE)
		status = quota_call_accept(worker->pg, worker->arena, cases,
					   count, why);
	if (status != PG_DONE)
		set_all(cases, count, QUOTA_AWAY);
	return status;
}

/* Not a line for each: others choose what is asked. */
static void
tell_refused(struct quota_worker *worker, const struct why *why)
{
	int64_t now_ms = clock_monotonic_ms();

	if (now_ms < worker->tell_ms)
		return;
	worker->tell_ms = now_ms + TELL_MS;
	log_error("quota: a question is refused: %s", why->text);
}

/* One that is refused is not to cost the others their answer. */
static enum pg_status
call_each(struct quota_worker *worker, struct quota_case *const *cases,
	  size_t count, struct why *why)
{
	enum pg_status status;
	size_t i;

	for (i = 0; i < count; i++) {
		status = call(worker, cases + i, 1, why);
		if (status == PG_REFUSED)
			tell_refused(worker, why);
		if (status == PG_AWAY) {
			set_all(cases + i, count - i, QUOTA_AWAY);
			return status;
		}
	}
	/* does it refuse anything at all? */
	return call(worker, cases, 0, why);
}

static void
tell(struct quota_worker *worker, bool good, const struct why *why)
{
	if (!good && !worker->in_trouble)
		log_warning("quota: the database is not asked, mail is taken "
			    "however full mailboxes are: %s",
			    why->text);
	if (good && worker->in_trouble)
		log_info("quota: the database is asked again");
	worker->in_trouble = !good;
	pthread_mutex_lock(&worker->lock);
	worker->away = !good;
	pthread_mutex_unlock(&worker->lock);
}

static void
run_batch(struct quota_worker *worker, struct quota_case *const *cases,
	  size_t count)
{
	enum pg_status status;
	struct why why;

	status = call(worker, cases, count, &why);
	if (status == PG_REFUSED && count > 0)
		status = call_each(worker, cases, count, &why);
	tell(worker, status == PG_DONE, &why);
}

static void
expire(struct quota_worker *worker, int64_t now_ms)
{
	struct why why;

	if (worker->in_trouble || now_ms < worker->expire_ms)
		return;
	worker->expire_ms = now_ms + EXPIRE_MS;
	arena_reset(worker->arena);
	/* what fails here fails in the next call, too */
	(void)quota_call_expire(worker->pg, worker->arena, &why);
}

/* --- the thread --- */

static void
finish(struct quota_worker *worker, struct quota_job *jobs)
{
	struct quota_job *next;

	pthread_mutex_lock(&worker->lock);
	for (; jobs != NULL; jobs = next) {
		next = jobs->next;
		list_add(&worker->ready, jobs);
	}
	pthread_mutex_unlock(&worker->lock);
	worker->options.done(worker->options.data);
}

/* A batch, and the time at which it was taken: those for whom nobody waits
 * any more are not asked. */
static void
work(struct quota_worker *worker, struct quota_job *jobs)
{
	struct quota_case *cases[BATCH];
	struct quota_job *job;
	int64_t now_ms = clock_monotonic_ms();
	size_t count = 0;

	for (job = jobs; job != NULL; job = job->next) {
		job->of.verdict = QUOTA_LATE;
		if (!is_asked_in_vain(job, now_ms))
			cases[count++] = &job->of;
	}
	if (worker->in_trouble)
		set_all(cases, count, QUOTA_AWAY);
	else if (count > 0)
		run_batch(worker, cases, count);
	finish(worker, jobs);
}

static struct quota_job *
take_batch(struct quota_worker *worker)
{
	struct quota_job *first = worker->queue.first, **at = &first;
	size_t count;

	for (count = 0; count < BATCH && *at != NULL; count++)
		at = &(*at)->next;
	worker->queue.first = *at;
	if (*at == NULL)
		list_init(&worker->queue);
	*at = NULL;
	worker->queued -= count;
	return first;
}

static struct timespec
time_of(int64_t at_ms)
{
	return (struct timespec){.tv_sec = at_ms / 1000,
				 .tv_nsec = at_ms % 1000 * 1000000};
}

/* Jobs, or NULL when it is time for something else.  False: the end. */
static bool
wait_for_jobs(struct quota_worker *worker, struct quota_job **jobs)
{
	int64_t until_ms =
	    clock_monotonic_ms() + (worker->in_trouble ? LOOK_MS : EXPIRE_MS);
	struct timespec until = time_of(until_ms);
	bool stays;

	pthread_mutex_lock(&worker->lock);
	while (!worker->stopping && worker->queue.first == NULL &&
	       clock_monotonic_ms() < until_ms)
		pthread_cond_timedwait(&worker->wake, &worker->lock, &until);
	*jobs = take_batch(worker);
	stays = !worker->stopping || *jobs != NULL;
	pthread_mutex_unlock(&worker->lock);
	return stays;
}

static void *
run(void *handle)
{
	struct quota_worker *worker = handle;
	struct quota_job *jobs;

	run_batch(worker, NULL, 0);
	while (wait_for_jobs(worker, &jobs)) {
		if (jobs != NULL)
			work(worker, jobs);
		else if (worker->in_trouble)
			run_batch(worker, NULL, 0);
		expire(worker, clock_monotonic_ms());
	}
	return NULL;
}

/* --- from outside --- */

static void
start(struct quota_worker *worker)
{
	const struct pg_options pg = {
	    .conninfo = worker->options.conninfo,
	    .program = "signet-policy quota",
	    .call_ms = worker->options.call_ms,
	    .pause_most_ms = PAUSE_MOST_MS,
	};

	worker->pg = pg_open(&pg);
	worker->arena = arena_new();
	worker->has_thread =
	    pthread_create(&worker->thread, NULL, run, worker) == 0;
	if (worker->has_thread)
		return;
	worker->away = true;
	log_error("quota: no thread to ask the database");
}

struct quota_worker *
quota_worker_open(const struct quota_worker_options *options)
{
	struct quota_worker *worker = xcalloc(1, sizeof(*worker));
	pthread_condattr_t attributes;

	worker->options = *options;
	list_init(&worker->queue);
	list_init(&worker->ready);
	pthread_mutex_init(&worker->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&worker->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	start(worker);
	return worker;
}

struct quota_job *
quota_worker_close(struct quota_worker *worker)
{
	struct quota_job *jobs;

	pthread_mutex_lock(&worker->lock);
	worker->stopping = true;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
	if (worker->has_thread)
		pthread_join(worker->thread, NULL);
	*worker->ready.last = list_take(&worker->queue);
	jobs = list_take(&worker->ready);
	pg_close(worker->pg);
	arena_free(worker->arena);
	pthread_cond_destroy(&worker->wake);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
	return jobs;
}

bool
quota_worker_put(struct quota_worker *worker, struct quota_job *job)
{
	bool taken;

	pthread_mutex_lock(&worker->lock);
	taken =
	    !worker->away && !worker->stopping && worker->queued < MOST_QUEUED;
	if (taken) {
		list_add(&worker->queue, job);
		worker->queued++;
		pthread_cond_signal(&worker->wake);
	}
	pthread_mutex_unlock(&worker->lock);
	return taken;
}

struct quota_job *
quota_worker_take(struct quota_worker *worker)
{
	struct quota_job *jobs;

	pthread_mutex_lock(&worker->lock);
	jobs = list_take(&worker->ready);
	pthread_mutex_unlock(&worker->lock);
	return jobs;
}

bool
quota_worker_is_away(struct quota_worker *worker)
{
	bool away;

	pthread_mutex_lock(&worker->lock);
	away = worker->away;
	pthread_mutex_unlock(&worker->lock);
	return away;
}
