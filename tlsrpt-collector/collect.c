#include "tlsrpt-collector/collect.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/limits.h"
#include "base/uuid.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/random.h"
#include "io/spool.h"
#include "tlsrpt-collector/collect_settings.h"

#define AGAIN_MS 250
/* how long the end waits for a disk that is full */
#define GRACE_MS 3000

struct collect {
	const struct collect_settings *settings;
	struct spool *spool;
	pthread_mutex_t lock;
	pthread_cond_t stopped;
	atomic_bool is_stopping;
	bool is_stuck; /* the spool took no line when last asked */
	struct deadline give_up_at;
	_Atomic uint64_t kept, lost;
};

struct collect *
collect_open(const struct collect_settings *settings, struct why *why)
{
	struct spool_options options =
	    config_common_spool(&settings->common, "signet-tls-collect");
	struct collect *collect = xcalloc(1, sizeof(*collect));

	collect->settings = settings;
	pthread_mutex_init(&collect->lock, NULL);
	pthread_cond_init(&collect->stopped, NULL);
	collect->spool = spool_open(&options, why);
	if (collect->spool != NULL)
		return collect;
	collect_close(collect);
	return NULL;
}

void
collect_close(struct collect *collect)
{
	if (collect->spool != NULL)
		spool_close(collect->spool);
	pthread_cond_destroy(&collect->stopped);
	pthread_mutex_destroy(&collect->lock);
	free(collect);
}

const struct collect_settings *
collect_settings(const struct collect *collect)
{
	return collect->settings;
}

struct tls_event
collect_event(const struct collect *collect, int64_t at_ms, char id[37])
{
	unsigned char random[10];

	xalloc_check(random_fill(random, sizeof(random)));
	uuid7_write(at_ms, random, id);
	return (struct tls_event){id, at_ms,
				  text_from(collect->settings->common.hostname),
				  "signet-tls-collect"};
}

/* --- keeping --- */

/* Logs the first and the last of a row of failures. */
static void
note_state(struct collect *collect, bool is_stuck, const char *reason)
{
	bool was_stuck;

	pthread_mutex_lock(&collect->lock);
	was_stuck = collect->is_stuck;
	collect->is_stuck = is_stuck;
	pthread_mutex_unlock(&collect->lock);
	if (is_stuck && !was_stuck)
		log_warning("facts wait in memory: %s", reason);
	else if (was_stuck && !is_stuck)
		log_info("the spool takes facts again");
}

/* The lock is held. */
static bool
is_too_late(const struct collect *collect)
{
	return collect->is_stopping &&
	       deadline_left_ms(collect->give_up_at, clock_monotonic_ms()) == 0;
}

/* Until it is time to try again; false when it is time to give up. */
static bool
wait_for_disk(struct collect *collect)
{
	struct deadline again = clock_deadline_in(AGAIN_MS);
	struct timespec until = {again.at_ms / 1000,
				 again.at_ms % 1000 * 1000000};
	bool was_stopping, goes_on;

	pthread_mutex_lock(&collect->lock);
	was_stopping = collect->is_stopping;
	while (!is_too_late(collect) && collect->is_stopping == was_stopping &&
	       clock_monotonic_ms() < again.at_ms)
		pthread_cond_clockwait(&collect->stopped, &collect->lock,
				       CLOCK_MONOTONIC, &until);
	goes_on = !is_too_late(collect);
	pthread_mutex_unlock(&collect->lock);
	return goes_on;
}

bool
collect_keep(struct collect *collect, struct text line)
{
	struct why why;
	bool is_kept;

	if (line.len >= LIMIT_EVENT_BYTES) {
		log_warning("an event of %zu bytes is too long", line.len);
		atomic_fetch_add(&collect->lost, 1);
		return false;
	}
	while (!(is_kept = spool_append(collect->spool, line, &why))) {
		note_state(collect, true, why.text);
		if (!wait_for_disk(collect))
			break;
	}
	if (is_kept)
		note_state(collect, false, NULL);
	atomic_fetch_add(is_kept ? &collect->kept : &collect->lost, 1);
	return is_kept;
}

/* --- the end --- */

void
collect_stop(struct collect *collect)
{
	pthread_mutex_lock(&collect->lock);
	if (!collect->is_stopping)
		collect->give_up_at = clock_deadline_in(GRACE_MS);
	collect->is_stopping = true;
	pthread_cond_broadcast(&collect->stopped);
	pthread_mutex_unlock(&collect->lock);
}

bool
collect_is_stopping(const struct collect *collect)
{
	return atomic_load(&collect->is_stopping);
}

uint64_t
collect_kept(const struct collect *collect)
{
	return atomic_load(&collect->kept);
}

uint64_t
collect_lost(const struct collect *collect)
{
	return atomic_load(&collect->lost);
}

struct spool *
collect_spool(const struct collect *collect)
{
	return collect->spool;
}
