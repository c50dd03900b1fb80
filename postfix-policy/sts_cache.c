#include "postfix-policy/sts_cache.h"

#include <time.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/https.h"
#include "io/log.h"
#include "io/random.h"
#include "postfix-policy/sts_fetch.h"
#include "postfix-policy/sts_file.h"
#include "postfix-policy/sts_job.h"
#include "postfix-policy/sts_refresh.h"
#include "postfix-policy/sts_store.h"

/* how long an answer may be repeated, whatever the TTL of the record: one that
 * rests on a failure, "there is none", and all others */
#define FAILED_TTL_S 30
#define ABSENT_TTL_S 600
#define MOST_TTL_S 3600

/* --- opening --- */

static void
set_up(struct sts_cache *cache, const struct sts_settings *settings,
       struct resolver *resolver)
{
	pthread_condattr_t attributes;

	cache->settings = settings;
	cache->resolver = resolver;
	pthread_mutex_init(&cache->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&cache->keeper_wanted, &attributes);
	pthread_cond_init(&cache->threads_ended, &attributes);
	pthread_condattr_destroy(&attributes);
	cache->table = sts_table_new(settings->policies, LIMIT_STS_CACHE_BYTES);
	if (!random_fill(&cache->random, sizeof(cache->random)) ||
	    cache->random == 0)
		cache->random = 1;
}

static void
open_file(struct sts_cache *cache)
{
	struct why why;

	if (cache->settings->directory == NULL)
		return;
	cache->file = sts_file_open(cache->settings->directory, &why);
	if (cache->file != NULL)
		return;
	cache->counts.file_errors++;
	log_error("mta-sts: policies are kept in memory only: %s", why.text);
}

struct sts_cache *
sts_cache_open(const struct sts_settings *settings, struct resolver *resolver,
	       struct why *why)
{
	const struct https_options options = {
	    .ca_file = settings->ca_file,
	    .allowed = settings->allowed.values,
	    .allowed_count = settings->allowed.count,
	    .port = (uint16_t)settings->port,
	    .agent = "signet",
	};
	struct https *https = https_open(&options, why);
	struct sts_cache *cache;

	if (https == NULL)
		return NULL;
	cache = xcalloc(1, sizeof(*cache));
	cache->https = https;
	set_up(cache, settings, resolver);
	open_file(cache);
	if (!https_has_authorities(https, why))
		log_warning("mta-sts: no policy can be fetched: %s "
			    "(install ca-certificates, or set ca_file)",
			    why->text);
	sts_store_load(cache, clock_unix_ms() / 1000);
	return cache;
}

void
sts_cache_start(struct sts_cache *cache)
{
	sts_refresh_start(cache);
}

void
sts_cache_close(struct sts_cache *cache)
{
	if (cache == NULL)
		return;
	https_abort(cache->https);
	pthread_mutex_lock(&cache->lock);
	cache->closing = true;
	pthread_mutex_unlock(&cache->lock);
	sts_refresh_stop(cache);
	pthread_mutex_lock(&cache->lock);
	sts_job_wait_all(cache);
	pthread_mutex_unlock(&cache->lock);
	/* anew: with the times of last use */
	sts_store_save(cache, true);
	sts_file_close(cache->file);
	https_close(cache->https);
	sts_table_free(cache->table);
	pthread_cond_destroy(&cache->keeper_wanted);
	pthread_cond_destroy(&cache->threads_ended);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

/* --- answers --- */

/* One question, with what the record said. */
struct asked {
	struct sts_cache *cache;
	struct arena *arena;
	struct domain domain;
	int64_t now_s;
	enum sts_announced announced;
	struct text id;
	uint32_t ttl_s;
	struct why why;
};

static uint32_t
shorter(uint32_t ttl_s, int64_t most_s)
{
	return most_s <= 0		 ? 0
	       : (int64_t)ttl_s < most_s ? ttl_s
					 : (uint32_t)most_s;
}

/* The policy that is known: with the lock held, since its bytes are copied
 * from there.  False if there is none, or none whose time is not over. */
static bool
present(const struct asked *asked, struct sts_state *state)
{
	struct sts_entry *entry =
	    sts_table_find(asked->cache->table, asked->domain.name);

	if (entry == NULL || !sts_entry_is_valid(entry, asked->now_s))
		return false;
	if ((int64_t)entry->used_s < asked->now_s)
		entry->used_s = (uint32_t)asked->now_s;
	state->file = text_copy(asked->arena, sts_entry_file(entry));
	state->id = text_copy(asked->arena, sts_entry_id(entry));
	state->fetched_s = entry->fetched_s;
	state->expires_s = entry->expires_s;
	state->ttl_s =
	    shorter(asked->ttl_s, (int64_t)entry->expires_s - asked->now_s);
	state->result = STS_PRESENT;
	return true;
}

/* The policy from before, whatever happened now; else `otherwise`. */
static void
fall_back(struct asked *asked, enum sts_failure failure,
	  enum sts_result otherwise, const char *detail,
	  struct sts_state *state)
{
	state->failure = failure;
	state->detail = arena_printf(asked->arena, "%s", detail);
	if (present(asked, state)) {
		state->fallback = true;
		asked->cache->counts.fallbacks++;
	} else {
		state->result = otherwise;
		state->ttl_s = asked->ttl_s;
	}
	if (otherwise == STS_TEMPERROR)
		state->ttl_s =
		    state->fallback
			? shorter(FAILED_TTL_S, state->expires_s - asked->now_s)
			: 0;
}

/* The last fetch failed: with the lock held. */
static void
after_failure(struct asked *asked, const struct sts_entry *entry, bool back_off,
	      struct sts_state *state)
{
	enum sts_failure failure = (enum sts_failure)entry->failure;
	int64_t left_s = (int64_t)entry->retry_s - asked->now_s;

	state->back_off = back_off;
	state->id = asked->id;
	fall_back(asked, failure, STS_ABSENT,
		  text_string(asked->arena, sts_entry_why(entry)), state);
	state->ttl_s = shorter(state->ttl_s, left_s);
}

/* A new id, or a domain that is not known: with the lock held. */
static void
fetch(struct asked *asked, struct deadline deadline, struct sts_state *state)
{
	struct sts_cache *cache = asked->cache;
	struct sts_job *job =
	    sts_job_fetch(cache, asked->domain.name, asked->id, asked->now_s);
	struct sts_entry *entry;

	if (!sts_job_wait(cache, job, deadline)) {
		fall_back(asked, STS_FAILURE_FETCH, STS_TEMPERROR,
			  "the policy is still being fetched", state);
		return;
	}
	entry = sts_table_find(cache->table, asked->domain.name);
	if (entry != NULL && entry->retry_s > asked->now_s)
		after_failure(asked, entry, false, state);
	else if (!present(asked, state))
		fall_back(asked, STS_FAILURE_FETCH, STS_TEMPERROR,
			  "the fetch was given up", state);
}

/* There is a record: with the lock held. */
static void
announced(struct asked *asked, struct deadline deadline,
	  struct sts_state *state)
{
	struct sts_entry *entry =
	    sts_table_find(asked->cache->table, asked->domain.name);

	if (entry != NULL && sts_entry_is_valid(entry, asked->now_s) &&
	    text_equal(sts_entry_id(entry), asked->id))
		present(asked, state);
	else if (entry != NULL && entry->retry_s > asked->now_s)
		after_failure(asked, entry, true, state);
	else
		fetch(asked, deadline, state);
}

static void
answer(struct asked *asked, struct deadline deadline, struct sts_state *state)
{
	switch (asked->announced) {
	case STS_ANNOUNCED:
		announced(asked, deadline, state);
		return;
	case STS_NOT_ANNOUNCED:
		fall_back(asked, STS_FAILURE_GONE, STS_ABSENT,
			  "there is no record any more", state);
		if (state->result == STS_ABSENT) {
			state->failure = STS_FAILURE_NONE;
			state->detail = "";
		}
		return;
	case STS_ANNOUNCED_WRONG:
		fall_back(asked, STS_FAILURE_RECORD, STS_ABSENT,
			  asked->why.text, state);
		return;
	case STS_NOT_ASKED:
	case STS_ASK_FAILED:
		break;
	}
	fall_back(asked, STS_FAILURE_DNS, STS_TEMPERROR, asked->why.text,
		  state);
}

/* The bytes of the file were checked before they were kept. */
static void
read_policy(const struct asked *asked, struct sts_state *state)
{
	struct why why;

	if (state->result != STS_PRESENT ||
	    sts_policy_parse(asked->arena, state->file, &state->policy, &why))
		return;
	*state = (struct sts_state){
	    .result = STS_TEMPERROR,
	    .failure = STS_FAILURE_INVALID,
	    .detail = arena_printf(asked->arena, "%s", why.text)};
}

void
sts_cache_get(struct sts_cache *cache, struct arena *arena,
	      struct resolver *resolver, struct domain domain, int64_t now_ms,
	      struct deadline deadline, struct sts_state *state)
{
	struct asked asked = {.cache = cache,
			      .arena = arena,
			      .domain = domain,
			      .now_s = now_ms / 1000};
	struct dns_question *question = sts_fetch_ask(arena, resolver, domain);

	*state = (struct sts_state){.detail = ""};
	asked.announced = sts_fetch_wait(question, deadline, &asked.id,
					 &asked.ttl_s, &asked.why);
	asked.ttl_s = shorter(asked.ttl_s, asked.announced == STS_ANNOUNCED
					       ? MOST_TTL_S
					       : ABSENT_TTL_S);
	pthread_mutex_lock(&cache->lock);
	answer(&asked, deadline, state);
	pthread_mutex_unlock(&cache->lock);
	read_policy(&asked, state);
}

/* --- the rest --- */

void
sts_cache_forget(struct sts_cache *cache, struct domain domain)
{
	pthread_mutex_lock(&cache->lock);
	if (sts_table_find(cache->table, domain.name) != NULL)
		sts_store_drop(cache, domain.name);
	pthread_mutex_unlock(&cache->lock);
}

struct sts_cache_counts
sts_cache_counts(struct sts_cache *cache)
{
	struct sts_cache_counts counts;

	pthread_mutex_lock(&cache->lock);
	counts = cache->counts;
	counts.policies = sts_table_entries(cache->table);
	counts.bytes = sts_table_bytes(cache->table);
	counts.running = sts_job_count(cache);
	pthread_mutex_unlock(&cache->lock);
	return counts;
}
