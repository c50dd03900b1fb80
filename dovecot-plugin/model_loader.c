#include "dovecot-plugin/model_loader.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "dovecot-plugin/mailbox_part.h"
#include "dovecot-plugin/mailbox_settings.h"
#include "dovecot-plugin/model.h"
#include "dovecot-plugin/model_cache.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/pg.h"

#define CALL_MS 10000
#define EXPIRE_CALL_MS 120000
#define PAUSE_MOST_MS 10000
/* accounts that are asked for in one call */
#define LIST_MOST 1000
/* What all share changes with each training: it is loaded less often. */
#define SITE_LOOKS 6
#define EXPIRE_S (6 * 3600)
#define EXPIRE_FIRST_S 900
/* trained messages of one account that can be unlearned */
#define MESSAGES_MOST "20000"

struct model_loader {
	const struct mailbox_settings *settings;
	struct model_cache *cache;
	pthread_t *loaders, keeper;
	size_t loader_count, wanted;
	bool has_keeper;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping, hurry;
	/* of the keeper alone */
	struct pg *pg;
	unsigned site_looks;
	int64_t expire_at_ms;
	struct why part_trouble[8];
};

static struct pg *
connection(const struct model_loader *loader, int64_t call_ms)
{
	const struct pg_options options = {
	    .conninfo = loader->settings->common.conninfo,
	    .program = "signet-mailbox",
	    .call_ms = call_ms,
	    .pause_most_ms = PAUSE_MOST_MS,
	};

	return pg_open(&options);
}

/* False: the end. */
static bool
wait_a_while(struct model_loader *loader, int64_t wait_ms, bool heed)
{
	struct deadline until = clock_deadline_in(wait_ms);
	struct timespec at = {.tv_sec = until.at_ms / 1000,
			      .tv_nsec = until.at_ms % 1000 * 1000000};
	bool stays;

	pthread_mutex_lock(&loader->lock);
	while (!loader->stopping && !(heed && loader->hurry) &&
	       clock_monotonic_ms() < until.at_ms)
		pthread_cond_timedwait(&loader->wake, &loader->lock, &at);
	if (heed)
		loader->hurry = false;
	stays = !loader->stopping;
	pthread_mutex_unlock(&loader->lock);
	return stays;
}

/* --- loading --- */

/* Until Postgres is as it should be.  False: the end. */
static bool
wait_until_back(struct model_loader *loader, struct pg *pg)
{
	struct why why;

	do {
		int64_t pause_ms = pg_pause_ms(pg);

		if (!wait_a_while(loader, pause_ms > 0 ? pause_ms : 1000,
				  false))
			return false;
	} while (pg_run(pg, "select * from signet.mailbox_versions('{}')",
			&why) != PG_DONE);
	model_cache_is_back(loader->cache);
	return true;
}

static void
tell_away(struct model_loader *loader, const struct why *why)
{
	if (!model_cache_counts(loader->cache).is_away)
		log_warning("models cannot be loaded, those that are here "
			    "count: %s",
			    why->text);
}

static void *
load(void *handle)
{
	struct model_loader *loader = handle;
	struct pg *pg = connection(loader, CALL_MS);
	struct arena *arena = arena_new();
	struct model_wish *wish;
	struct model *model;
	struct text account;
	struct why why;
	bool stays = true;

	while (stays && (wish = model_cache_next(loader->cache, arena,
						 &account)) != NULL) {
		if (model_load(loader->settings, pg, account, &model, &why) ==
		    PG_DONE) {
			model_cache_put(loader->cache, wish, model);
		} else {
			tell_away(loader, &why);
			model_cache_fail(loader->cache, wish);
			stays = wait_until_back(loader, pg);
		}
		arena_reset(arena);
	}
	arena_free(arena);
	pg_close(pg);
	return NULL;
}

/* --- what has changed --- */

static int64_t
version_of(const struct pg_rows *rows, struct text account)
{
	size_t i;

	for (i = 0; i < pg_rows_count(rows); i++)
		if (text_equal(pg_rows_text(rows, i, 0), account))
			return pg_rows_int(rows, i, 1);
	return 0;
}

static void
compare(struct model_loader *loader, const struct model_version *one,
	int64_t version)
{
	if (version == one->version)
		return;
	if (one->account.len == 0 && ++loader->site_looks < SITE_LOOKS)
		return;
	if (one->account.len == 0)
		loader->site_looks = 0;
	model_cache_outdated(loader->cache, one->account);
}

static int
by_account(const void *a, const void *b)
{
	const struct model_version *left = a, *right = b;

	return text_compare(left->account, right->account);
}

static bool
ask_versions(struct model_loader *loader, struct arena *arena,
	     const struct model_version *list, size_t count, struct why *why)
{
	struct text *accounts = arena_new_array(arena, struct text, count);
	struct pg_param param;
	struct pg_rows *rows;
	size_t i;

	for (i = 0; i < count; i++)
		accounts[i] = list[i].account;
	param = pg_texts(arena, accounts, count);
	if (pg_call(loader->pg, arena,
		    "select * from signet.mailbox_versions($1)", &param, 1,
		    &rows, why) != PG_DONE)
		return false;
	for (i = 0; i < count; i++)
		compare(loader, &list[i], version_of(rows, list[i].account));
	return true;
}

static bool
look_for_changes(struct model_loader *loader, struct why *why)
{
	struct arena *arena = arena_new();
	struct model_version *list;
	size_t count = model_cache_list(loader->cache, arena, &list), i;
	bool good = true;

	if (count > 0)
		qsort(list, count, sizeof(*list), by_account);
	for (i = 0; i < count && good; i += LIST_MOST)
		good = ask_versions(
		    loader, arena, list + i,
		    count - i < LIST_MOST ? count - i : LIST_MOST, why);
	arena_free(arena);
	return good;
}

/* --- rounds --- */

static void
round_of(struct model_loader *loader, size_t i)
{
	const struct mailbox_part *part = mailbox_parts[i];
	struct why *last = &loader->part_trouble[i], why;

	if (part->round == NULL)
		return;
	if (part->round(loader->settings, loader->pg, &why)) {
		if (last->text[0] != '\0')
			log_info("%s: well again", part->name);
		last->text[0] = '\0';
		return;
	}
	if (strcmp(last->text, why.text) != 0)
		log_warning("%s: %s", part->name, why.text);
	*last = why;
}

static bool
expire(struct model_loader *loader, struct why *why)
{
	const struct mailbox_settings *settings = loader->settings;
	struct arena *arena = arena_new();
	struct pg *pg = connection(loader, EXPIRE_CALL_MS);
	const struct pg_param params[5] = {
	    pg_string(
		arena_printf(arena, "%llu seconds",
			     (unsigned long long)settings->keep_events_s)),
	    pg_string(arena_printf(arena, "%llu seconds",
				   (unsigned long long)settings->words_age_s)),
	    pg_string(MESSAGES_MOST),
	    pg_string(arena_printf(arena, "%llu",
				   (unsigned long long)settings->words)),
	    pg_string(arena_printf(arena, "%llu",
				   (unsigned long long)settings->site_words)),
	};
	bool good = pg_call(pg, arena,
			    "select * from signet.mailbox_expire($1, $2, $3, "
			    "$4, $5)",
			    params, 5, NULL, why) == PG_DONE;

	pg_close(pg);
	arena_free(arena);
	return good;
}

static void
look(struct model_loader *loader)
{
	struct why why;
	size_t i;

	if (!pg_connect(loader->pg, &why) || !look_for_changes(loader, &why))
		return; /* who loads and who learns tell of it */
	for (i = 0; mailbox_parts[i] != NULL; i++)
		round_of(loader, i);
	if (clock_monotonic_ms() < loader->expire_at_ms)
		return;
	loader->expire_at_ms = clock_monotonic_ms() + EXPIRE_S * 1000;
	if (!expire(loader, &why))
		log_warning("old rows stay: %s", why.text);
}

static void *
keep(void *handle)
{
	struct model_loader *loader = handle;

	do {
		look(loader);
	} while (wait_a_while(loader, (int64_t)loader->settings->look_s * 1000,
			      true));
	return NULL;
}

void
model_loader_hurry(void *handle)
{
	struct model_loader *loader = handle;

	pthread_mutex_lock(&loader->lock);
	loader->hurry = true;
	pthread_cond_broadcast(&loader->wake);
	pthread_mutex_unlock(&loader->lock);
}

/* --- opening --- */

struct model_loader *
model_loader_open(const struct mailbox_settings *settings,
		  struct model_cache *cache)
{
	struct model_loader *loader = xcalloc(1, sizeof(*loader));
	pthread_condattr_t clock;

	loader->settings = settings;
	loader->cache = cache;
	/* one connection is the learner's, one the keeper's */
	loader->wanted =
	    settings->connections > 3 ? (size_t)settings->connections - 2 : 1;
	loader->loaders = xcalloc(loader->wanted, sizeof(*loader->loaders));
	loader->pg = connection(loader, CALL_MS);
	loader->expire_at_ms = clock_monotonic_ms() + EXPIRE_FIRST_S * 1000;
	pthread_mutex_init(&loader->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&loader->wake, &clock);
	pthread_condattr_destroy(&clock);
	return loader;
}

/* What all share is large, and the first delivery wants it. */
static void
load_site(struct model_loader *loader)
{
	model_cache_release(
	    loader->cache,
	    model_cache_get(loader->cache, TEXT(""), (struct deadline){0}));
}

bool
model_loader_start(struct model_loader *loader)
{
	load_site(loader);
	while (loader->loader_count < loader->wanted &&
	       pthread_create(&loader->loaders[loader->loader_count], NULL,
			      load, loader) == 0)
		loader->loader_count++;
	loader->has_keeper =
	    pthread_create(&loader->keeper, NULL, keep, loader) == 0;
	return loader->loader_count > 0 && loader->has_keeper;
}

static bool
join(pthread_t thread, int64_t wait_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)(wait_ms / 1000);
	return pthread_timedjoin_np(thread, NULL, &until) == 0;
}

bool
model_loader_stop(struct model_loader *loader, int64_t wait_ms)
{
	bool all = true;
	size_t i;

	pthread_mutex_lock(&loader->lock);
	loader->stopping = true;
	pthread_cond_broadcast(&loader->wake);
	pthread_mutex_unlock(&loader->lock);
	for (i = 0; i < loader->loader_count; i++)
		all = join(loader->loaders[i], wait_ms) && all;
	if (loader->has_keeper)
		all = join(loader->keeper, wait_ms) && all;
	return all;
}

void
model_loader_close(struct model_loader *loader)
{
	pg_close(loader->pg);
	free(loader->loaders);
	pthread_cond_destroy(&loader->wake);
	pthread_mutex_destroy(&loader->lock);
	free(loader);
}
