#include "milter/key_watch.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/log.h"
#include "mailauth/dkim_key.h"

/* below the time that a stop may take */
#define ANSWER_MS 5000
/* questions on their way at once */
#define AT_ONCE 50

struct key_watch {
	struct resolver *resolver;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping, changed;
	struct sign_engine *engine; /* or NULL */
};

/* --- one answer --- */

/* An RSA key record may hold the key without what says its type (erratum
 * 3017 of RFC 6376): then it is the end of what we have. */
static bool
is_same_key(const struct signing_key *key, const struct dkim_key *found)
{
	if (found->type != private_key_type(key->key))
		return false;
	if (text_equal(found->data, key->public_half))
		return true;
	return found->type == CRYPTO_RSA && found->data.len >= 128 &&
	       found->data.len < key->public_half.len &&
	       text_equal(found->data,
			  text_skip(key->public_half,
				    key->public_half.len - found->data.len));
}

static enum key_dns
judge_records(struct arena *arena, const struct signing_key *key,
	      const struct dns_answer *answer)
{
	bool all_revoked = true;
	struct dkim_key found;
	size_t i;

	for (i = 0; i < answer->count; i++) {
		if (!dkim_key_parse(arena, answer->records[i].text, &found,
				    NULL)) {
			all_revoked = false;
			continue;
		}
		if (is_same_key(key, &found))
			return KEY_DNS_GOOD;
		all_revoked = all_revoked && found.data.len == 0;
	}
	return all_revoked ? KEY_DNS_MISSING : KEY_DNS_OTHER;
}

enum key_dns
key_watch_judge(struct arena *arena, const struct signing_key *key,
		enum dns_status status, const struct dns_answer *answer)
{
	switch (status) {
	case DNS_FOUND:
		return judge_records(arena, key, answer);
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return KEY_DNS_MISSING;
	case DNS_TEMPFAIL:
	case DNS_BOGUS:
		break;
	}
	return KEY_DNS_UNKNOWN;
}

struct text
key_watch_name(struct arena *arena, const struct signing_key *key)
{
	return text_from(arena_printf(arena, TEXT_FMT "._domainkey." TEXT_FMT,
				      TEXT_ARG(key->selector),
				      TEXT_ARG(key->domain.name)));
}

/* --- the log --- */

static void
tell(const struct sign_engine *engine, const struct signing_key *key,
     struct text name, enum key_dns now)
{
	const char *then = engine->options->check_dns == DNS_CHECK_SKIP
			       ? "it does not sign"
			       : "it signs all the same";

	switch (now) {
	case KEY_DNS_UNKNOWN:
		return;
	case KEY_DNS_GOOD:
		log_info("the DNS carries the key " TEXT_FMT, TEXT_ARG(name));
		return;
	case KEY_DNS_MISSING:
		log_warning("the DNS has no key " TEXT_FMT
			    " for %s: %s; publish its record",
			    TEXT_ARG(name), key->path, then);
		return;
	case KEY_DNS_OTHER:
		log_warning("the DNS has another key " TEXT_FMT
			    " than %s: %s; publish its record",
			    TEXT_ARG(name), key->path, then);
		return;
	}
}

static void
note(const struct sign_engine *engine, struct signing_key *key,
     struct text name, enum key_dns now)
{
	enum key_dns before = signing_key_dns(key);

	if (now == KEY_DNS_UNKNOWN || now == before)
		return;
	signing_key_set_dns(key, now);
	tell(engine, key, name, now);
}

/* --- all keys --- */

static void
check_some(struct key_watch *watch, const struct sign_engine *engine,
	   size_t from, size_t count)
{
	struct deadline deadline = clock_deadline_in(ANSWER_MS);
	struct dns_question *questions[AT_ONCE] = {0};
	struct arena *arena = arena_new();
	const struct dns_answer *answer;
	struct signing_key *key;
	size_t i;

	for (i = 0; i < count; i++) {
		key = engine->keys.all[from + i];
		if (domain_is_set(key->domain))
			questions[i] =
			    dns_ask(arena, watch->resolver,
				    key_watch_name(arena, key), DNS_TXT);
	}
	for (i = 0; i < count; i++) {
		enum dns_status status;

		if (questions[i] == NULL)
			continue;
		key = engine->keys.all[from + i];
		status = dns_wait(questions[i], deadline, &answer);
		note(engine, key, questions[i]->name,
		     key_watch_judge(arena, key, status, answer));
	}
	arena_free(arena);
}

static bool
is_wanted(struct key_watch *watch)
{
	bool wanted;

	pthread_mutex_lock(&watch->lock);
	wanted = !watch->stopping && !watch->changed;
	pthread_mutex_unlock(&watch->lock);
	return wanted;
}

static void
check_all(struct key_watch *watch, const struct sign_engine *engine)
{
	size_t count = engine->keys.all_count, from, most;

	for (from = 0; from < count && is_wanted(watch); from += AT_ONCE) {
		most = count - from < AT_ONCE ? count - from : AT_ONCE;
		check_some(watch, engine, from, most);
	}
}

/* --- the thread --- */

/* Until something changes, or the time has come. */
static void
wait_for_next(struct key_watch *watch, const struct sign_engine *engine)
{
	int64_t wait_ms =
	    engine != NULL
		? (int64_t)engine->options->check_dns_interval_s * 1000
		: INT32_MAX;
	struct deadline deadline = clock_deadline_in(wait_ms);
	struct timespec until = {.tv_sec = deadline.at_ms / 1000,
				 .tv_nsec = deadline.at_ms % 1000 * 1000000};

	pthread_mutex_lock(&watch->lock);
	while (!watch->stopping && !watch->changed &&
	       clock_monotonic_ms() < deadline.at_ms)
		pthread_cond_clockwait(&watch->wake, &watch->lock,
				       CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&watch->lock);
}

/* The engine to look after; held.  False at the end. */
static bool
next_engine(struct key_watch *watch, struct sign_engine **engine)
{
	bool goes_on;

	pthread_mutex_lock(&watch->lock);
	goes_on = !watch->stopping;
	watch->changed = false;
	*engine =
	    watch->engine != NULL ? sign_engine_hold(watch->engine) : NULL;
	pthread_mutex_unlock(&watch->lock);
	return goes_on;
}

static void *
keep_watch(void *handle)
{
	struct key_watch *watch = handle;
	struct sign_engine *engine;

	while (next_engine(watch, &engine)) {
		if (engine != NULL &&
		    engine->options->check_dns != DNS_CHECK_NO)
			check_all(watch, engine);
		wait_for_next(watch, engine);
		sign_engine_release(engine);
	}
	sign_engine_release(engine);
	return NULL;
}

struct key_watch *
key_watch_open(struct resolver *resolver, struct why *why)
{
	struct key_watch *watch = xcalloc(1, sizeof(*watch));

	watch->resolver = resolver;
	pthread_mutex_init(&watch->lock, NULL);
	pthread_cond_init(&watch->wake, NULL);
	if (pthread_create(&watch->thread, NULL, keep_watch, watch) == 0)
		return watch;
	why_set(why, "cannot start a thread");
	free(watch);
	return NULL;
}

void
key_watch_close(struct key_watch *watch)
{
	if (watch == NULL)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->stopping = true;
	pthread_cond_signal(&watch->wake);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	sign_engine_release(watch->engine);
	pthread_cond_destroy(&watch->wake);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

void
key_watch_use(struct key_watch *watch, struct sign_engine *engine)
{
	struct sign_engine *before;

	sign_engine_hold(engine);
	pthread_mutex_lock(&watch->lock);
	before = watch->engine;
	if (before != NULL)
		key_store_inherit(&engine->keys, &before->keys);
	watch->engine = engine;
	watch->changed = true;
	pthread_cond_signal(&watch->wake);
	pthread_mutex_unlock(&watch->lock);
	sign_engine_release(before);
}

struct key_watch_counts
key_watch_counts(struct key_watch *watch)
{
	struct key_watch_counts counts = {0};
	struct sign_engine *engine;
	size_t i;

	pthread_mutex_lock(&watch->lock);
	engine = watch->engine != NULL ? sign_engine_hold(watch->engine) : NULL;
	pthread_mutex_unlock(&watch->lock);
	for (i = 0; engine != NULL && i < engine->keys.all_count; i++)
		switch (signing_key_dns(engine->keys.all[i])) {
		case KEY_DNS_UNKNOWN:
			counts.unknown++;
			break;
		case KEY_DNS_GOOD:
			counts.good++;
			break;
		case KEY_DNS_MISSING:
		case KEY_DNS_OTHER:
			counts.missing++;
			break;
		}
	sign_engine_release(engine);
	return counts;
}
