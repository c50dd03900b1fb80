#include "postfix-policy/sts_refresh.h"

#include <time.h>

#include "io/clock.h"
#include "io/log.h"
#include "postfix-policy/sts_job.h"

#define ROUND_MS 60000
/* refreshes at a time: they have all day */
#define REFRESHES 8
/* the file is written anew, with the times of last use */
#define ANEW_S 86400

/* Is there still a reason to have it? */
static bool
is_wanted(const struct sts_cache *cache, const struct sts_entry *entry,
	  int64_t now_s)
{
	if (entry->file_bytes == 0)
		return now_s < (int64_t)entry->retry_s;
	return now_s < (int64_t)entry->expires_s &&
	       now_s - (int64_t)entry->used_s <
		   (int64_t)cache->settings->unused_s;
}

/* With the lock held. */
static void
look_at(struct sts_cache *cache, struct sts_entry *entry, int64_t now_s)
{
	struct text domain = sts_entry_domain(entry);

	if (!is_wanted(cache, entry, now_s)) {
		if (entry->file_bytes == 0) {
			sts_table_drop(cache->table, domain);
			return;
		}
		cache->counts.forgotten++;
		sts_store_drop(cache, domain);
		return;
	}
	if (entry->file_bytes > 0 && (int64_t)entry->due_s <= now_s &&
	    sts_job_count(cache) < REFRESHES)
		sts_job_refresh(cache, domain, now_s);
}

void
sts_refresh_round(struct sts_cache *cache, int64_t now_s)
{
	struct sts_cursor cursor = {0};
	struct sts_entry *entry;

	pthread_mutex_lock(&cache->lock);
	while (!cache->closing &&
	       (entry = sts_table_next(cache->table, &cursor)) != NULL)
		look_at(cache, entry, now_s);
	pthread_mutex_unlock(&cache->lock);
	sts_store_save(cache, false);
}

/* Until the next round or a new policy; true if the cache stays. */
static bool
wait_for_work(struct sts_cache *cache, int64_t until_ms)
{
	struct timespec until = {.tv_sec = until_ms / 1000,
				 .tv_nsec = until_ms % 1000 * 1000000};
	bool stays;

	pthread_mutex_lock(&cache->lock);
	while (!cache->closing && !cache->is_unsaved &&
	       clock_monotonic_ms() < until_ms)
		pthread_cond_timedwait(&cache->keeper_wanted, &cache->lock,
				       &until);
	cache->is_unsaved = false;
	stays = !cache->closing;
	pthread_mutex_unlock(&cache->lock);
	return stays;
}

static void *
run(void *handle)
{
	struct sts_cache *cache = handle;
	int64_t round_ms = clock_monotonic_ms(), anew_ms = round_ms;

	do {
		int64_t now_ms = clock_monotonic_ms();

		if (now_ms >= round_ms) {
			sts_refresh_round(cache, clock_unix_ms() / 1000);
			round_ms = now_ms + ROUND_MS;
		} else if (now_ms - anew_ms >= (int64_t)ANEW_S * 1000) {
			sts_store_save(cache, true);
			anew_ms = now_ms;
		} else {
			sts_store_save(cache, false);
		}
	} while (wait_for_work(cache, round_ms));
	return NULL;
}

void
sts_refresh_start(struct sts_cache *cache)
{
	if (pthread_create(&cache->keeper, NULL, run, cache) == 0)
		cache->has_keeper = true;
	else
		log_error("mta-sts: no thread to refresh policies");
}

void
sts_refresh_stop(struct sts_cache *cache)
{
	if (!cache->has_keeper)
		return;
	pthread_mutex_lock(&cache->lock);
	pthread_cond_signal(&cache->keeper_wanted);
	pthread_mutex_unlock(&cache->lock);
	pthread_join(cache->keeper, NULL);
	cache->has_keeper = false;
}
