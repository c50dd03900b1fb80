#include "postfix-policy/sts_job.h"

#include <time.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/https.h"
#include "io/in_work.h"
#include "io/log.h"
#include "postfix-policy/sts_fetch.h"

/* what a thread needs: waiting for others, reading one file */
#define STACK_BYTES (256u << 10)
/* a file is fetched again at this age though its id has stayed: some change
 * one and forget the other */
#define SAME_ID_S (7 * 86400)
/* after a refresh that failed, with jitter; sooner for a policy that ends */
#define RETRY_S 3600
#define RETRY_LEAST_S 60

struct sts_job {
	struct sts_job *next;
	struct domain domain;
	struct text id;
	int64_t now_s; /* when it was wanted */
	bool refresh, started, done;
	unsigned waiters;
	pthread_cond_t ended;
	char bytes[]; /* of domain and id */
};

/* --- one job, without the lock --- */

/* What came of it. */
struct outcome {
	enum sts_failure failure;
	bool aborted;
	struct sts_fetched fetched;
	struct why why;
};

static void
note_success(struct sts_cache *cache, const struct sts_job *job,
	     const struct outcome *outcome)
{
	struct sts_entry *entry;
	struct sts_stored stored = {
	    .domain = job->domain,
	    .id = job->id,
	    .file = outcome->fetched.file,
	    .fetched_s = job->now_s,
	    .checked_s = job->now_s,
	    .used_s = job->now_s,
	};

	pthread_mutex_lock(&cache->lock);
	entry = sts_table_find(cache->table, job->domain.name);
	if (entry != NULL && job->refresh)
		stored.used_s = entry->used_s;
	entry = sts_store_put(cache, &stored, &outcome->fetched.policy, true);
	sts_store_plan(cache, entry, job->now_s);
	pthread_mutex_unlock(&cache->lock);
}

static void
log_failure(const struct sts_job *job, const struct outcome *outcome,
	    bool is_none)
{
	if (job->refresh && !is_none)
		log_warning("mta-sts: domain=" TEXT_FMT " refresh failed, the "
			    "policy from before counts until its end: %s: %s",
			    TEXT_ARG(job->domain.name),
			    sts_failure_name(outcome->failure),
			    outcome->why.text);
	else if (!job->refresh)
		log_info("mta-sts: domain=" TEXT_FMT " fetch failed: %s: %s",
			 TEXT_ARG(job->domain.name),
			 sts_failure_name(outcome->failure), outcome->why.text);
}

static void
note_failure(struct sts_cache *cache, const struct sts_job *job,
	     const struct outcome *outcome)
{
	int64_t back_off_s = (int64_t)cache->settings->back_off_s;
	struct sts_entry *entry;
	bool is_none;

	pthread_mutex_lock(&cache->lock);
	cache->counts.failures++;
	entry = sts_table_fail(cache->table, job->domain.name, outcome->failure,
			       text_from(outcome->why.text), job->now_s,
			       job->now_s + back_off_s);
	is_none = (entry->marks & STS_MARK_NONE) != 0;
	pthread_mutex_unlock(&cache->lock);
	log_failure(job, outcome, is_none);
}

static void
fetch(struct sts_cache *cache, struct arena *arena, struct sts_job *job)
{
	int64_t most_ms = (int64_t)cache->settings->fetch_s * 1000;
	struct outcome outcome = {0};

	outcome.failure =
	    sts_fetch_policy(arena, cache->https, cache->resolver, job->domain,
			     clock_deadline_in(most_ms), &outcome.fetched,
			     &outcome.aborted, &outcome.why);
	if (outcome.aborted)
		return;
	pthread_mutex_lock(&cache->lock);
	cache->counts.fetches++;
	pthread_mutex_unlock(&cache->lock);
	if (outcome.failure == STS_FAILURE_NONE)
		note_success(cache, job, &outcome);
	else
		note_failure(cache, job, &outcome);
}

/* The record of a policy that is known, before it is fetched: true if it
 * should be. */
static bool
judge_record(struct sts_cache *cache, struct sts_job *job,
	     enum sts_announced announced, struct text id)
{
	struct sts_entry *entry =
	    sts_table_find(cache->table, job->domain.name);

	if (entry == NULL || entry->file_bytes == 0)
		return false;
	if (announced != STS_ANNOUNCED) {
		/* mode none is how a domain takes its leave */
		if ((entry->marks & STS_MARK_NONE) == 0)
			return true;
		if (announced == STS_NOT_ANNOUNCED) {
			cache->counts.forgotten++;
			sts_store_drop(cache, job->domain.name);
		}
		return false;
	}
	if (!text_equal(id, sts_entry_id(entry)))
		return true;
	/* the id says that it is current: its time begins again */
	entry->expires_s += (uint32_t)job->now_s - entry->checked_s;
	entry->checked_s = (uint32_t)job->now_s;
	entry->marks |= STS_MARK_UNSAVED | STS_MARK_UNSHARED;
	sts_store_is_unsaved(cache);
	sts_store_plan(cache, entry, job->now_s);
	return job->now_s - (int64_t)entry->fetched_s >= SAME_ID_S;
}

static void
refresh(struct sts_cache *cache, struct arena *arena, struct sts_job *job)
{
	struct dns_question *question =
	    sts_fetch_ask(arena, cache->resolver, job->domain);
	int64_t most_ms = (int64_t)cache->settings->fetch_s * 1000;
	struct text id = job->id;
	enum sts_announced announced;
	struct why why = {""};
	uint32_t ttl_s;
	bool wanted;

	announced = sts_fetch_wait(question, clock_deadline_in(most_ms), &id,
				   &ttl_s, &why);
	if (announced == STS_ANNOUNCED)
		job->id = id; /* lives as long as the arena of this job */
	pthread_mutex_lock(&cache->lock);
	cache->counts.refreshes++;
	wanted = judge_record(cache, job, announced, id);
	pthread_mutex_unlock(&cache->lock);
	if (wanted && announced != STS_ANNOUNCED)
		log_warning("mta-sts: domain=" TEXT_FMT
			    " has a policy from before, but %s",
			    TEXT_ARG(job->domain.name),
			    announced == STS_NOT_ANNOUNCED
				? "no record any more"
				: why.text);
	if (wanted)
		fetch(cache, arena, job);
}

static void
pass_over(struct sts_cache *cache, struct sts_job *job)
{
	struct outcome outcome = {.failure = STS_FAILURE_FETCH};

	why_set(&outcome.why, "its policy has crashed the program");
	note_failure(cache, job, &outcome);
}

static void
work(struct sts_cache *cache, struct arena *arena, struct sts_job *job)
{
	if (!in_work_try("the MTA-STS policy of", job->domain.name,
			 job->domain.name))
		pass_over(cache, job);
	else if (job->refresh)
		refresh(cache, arena, job);
	else
		fetch(cache, arena, job);
	in_work_done();
}

/* --- threads --- */

static void
forget(struct sts_job *job)
{
	pthread_cond_destroy(&job->ended);
	free(job);
}

static uint32_t
retry_at(struct sts_cache *cache, const struct sts_entry *entry, int64_t now_s)
{
	int64_t pause_s = ((int64_t)entry->expires_s - now_s) / 4;

	if (pause_s > RETRY_S)
		pause_s = RETRY_S;
	if (pause_s < RETRY_LEAST_S)
		pause_s = RETRY_LEAST_S;
	return (uint32_t)(now_s + pause_s / 2 +
			  sts_store_random(cache, (uint32_t)pause_s / 2));
}

static void
finish(struct sts_cache *cache, struct sts_job *job)
{
	struct sts_job **at = &cache->jobs;
	struct sts_entry *entry =
	    sts_table_find(cache->table, job->domain.name);

	/* unless it went well and there is a new time already */
	if (entry != NULL && job->refresh && entry->due_s <= job->now_s)
		entry->due_s = retry_at(cache, entry, job->now_s);
	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	job->done = true;
	if (job->waiters > 0)
		pthread_cond_broadcast(&job->ended);
	else
		forget(job);
}

/* Those that somebody waits for go first. */
static struct sts_job *
next_job(struct sts_cache *cache)
{
	struct sts_job *job, *found = NULL;

	for (job = cache->jobs; job != NULL && !cache->closing; job = job->next)
		if (!job->started && (found == NULL || found->refresh))
			found = job;
	return found;
}

static void *
run(void *handle)
{
	struct sts_cache *cache = handle;
	struct arena *arena = arena_new();
	struct sts_job *job;

	pthread_mutex_lock(&cache->lock);
	while ((job = next_job(cache)) != NULL) {
		job->started = true;
		pthread_mutex_unlock(&cache->lock);
		work(cache, arena, job);
		pthread_mutex_lock(&cache->lock);
		finish(cache, job);
		pthread_mutex_unlock(&cache->lock);
		arena_reset(arena);
		pthread_mutex_lock(&cache->lock);
	}
	arena_free(arena);
	cache->threads--;
	pthread_cond_broadcast(&cache->threads_ended);
	pthread_mutex_unlock(&cache->lock);
	return NULL;
}

static void
start_thread(struct sts_cache *cache)
{
	pthread_attr_t attributes;
	pthread_t thread;

	if (cache->threads >= LIMIT_STS_FETCHES || cache->closing)
		return;
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	if (pthread_create(&thread, &attributes, run, cache) == 0)
		cache->threads++;
	pthread_attr_destroy(&attributes);
}

/* --- what the cache calls --- */

static struct sts_job *
find(struct sts_cache *cache, struct text domain)
{
	struct sts_job *job;

	for (job = cache->jobs; job != NULL; job = job->next)
		if (text_equal(job->domain.name, domain))
			return job;
	return NULL;
}

static void
make_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attributes);
	pthread_condattr_destroy(&attributes);
}

static struct sts_job *
add(struct sts_cache *cache, struct text domain, struct text id, int64_t now_s,
    bool is_refresh)
{
	struct sts_job *job = xcalloc(1, sizeof(*job) + domain.len + id.len);
	struct sts_job **at = &cache->jobs;

	memcpy(job->bytes, domain.at, domain.len);
	job->domain.name = text_of(job->bytes, domain.len);
	if (id.len > 0)
		memcpy(job->bytes + domain.len, id.at, id.len);
	job->id = text_of(job->bytes + domain.len, id.len);
	job->now_s = now_s;
	job->refresh = is_refresh;
	make_cond(&job->ended);
	while (*at != NULL)
		at = &(*at)->next;
	*at = job;
	start_thread(cache);
	return job;
}

struct sts_job *
sts_job_fetch(struct sts_cache *cache, struct text domain, struct text id,
	      int64_t now_s)
{
	struct sts_job *job = find(cache, domain);

	if (job == NULL)
		job = add(cache, domain, id, now_s, false);
	job->waiters++;
	return job;
}

void
sts_job_refresh(struct sts_cache *cache, struct text domain, int64_t now_s)
{
	struct sts_entry *entry = sts_table_find(cache->table, domain);

	if (find(cache, domain) == NULL)
		add(cache, domain, sts_entry_id(entry), now_s, true);
}

bool
sts_job_wait(struct sts_cache *cache, struct sts_job *job,
	     struct deadline deadline)
{
	struct timespec until = {.tv_sec = deadline.at_ms / 1000,
				 .tv_nsec = deadline.at_ms % 1000 * 1000000};
	bool done;

	while (!job->done && !cache->closing &&
	       pthread_cond_timedwait(&job->ended, &cache->lock, &until) == 0)
		continue;
	done = job->done;
	if (--job->waiters == 0 && done)
		forget(job);
	return done;
}

void
sts_job_wait_all(struct sts_cache *cache)
{
	while (cache->threads > 0)
		pthread_cond_wait(&cache->threads_ended, &cache->lock);
	/* what waited for a thread when the cache was closed */
	while (cache->jobs != NULL)
		finish(cache, cache->jobs);
}

size_t
sts_job_count(const struct sts_cache *cache)
{
	const struct sts_job *job;
	size_t count = 0;

	for (job = cache->jobs; job != NULL; job = job->next)
		count++;
	return count;
}
