#include "postfix-policy/share.h"

#include <pthread.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/pg.h"
#include "postfix-policy/share_overrides.h"
#include "postfix-policy/share_policies.h"

/* one call, so that a stop does not wait longer */
#define CALL_MS 5000
#define PAUSE_MOST_MS 60000

struct share {
	struct share_options options;
	char *directory;
	/* the thread's */
	struct pg *pg;
	struct share_place place;
	bool in_trouble, file_in_trouble;
	pthread_t thread;
	bool has_thread;
	/* for all, under the lock */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping, connected;
	struct share_overrides *overrides; /* NULL: nothing is known */
	uint64_t generation;
};

/* --- overrides --- */

static void
tell_refused(const struct share_overrides *overrides, const char *where)
{
	if (overrides->refused > 0)
		log_error("%zu overrides %s are left out, the first: %s",
			  overrides->refused, where,
			  overrides->first_refused->text);
}

static void
load_file(struct share *share)
{
	struct why why;
	bool missing;

	if (share->directory == NULL)
		return;
	share->overrides =
	    share_overrides_load(share->directory, &missing, &why);
	if (share->overrides != NULL)
		tell_refused(share->overrides, "of the file");
	else if (!missing)
		log_error("overrides are not known until the database is "
			  "asked: %s",
			  why.text);
}

/* The file says what memory says, or there is one line in the log. */
static void
save_file(struct share *share, const struct share_overrides *overrides)
{
	struct why why;
	bool good = share->directory == NULL ||
		    share_overrides_save(overrides, share->directory, &why);

	if (!good && !share->file_in_trouble)
		log_error("the copy of the overrides is not on disk: %s",
			  why.text);
	share->file_in_trouble = !good;
}

/* Takes `fresh` over. */
static void
use_overrides(struct share *share, struct share_overrides *fresh)
{
	struct share_overrides *old;
	bool changed = share->overrides == NULL ||
		       !text_equal(share->overrides->json, fresh->json);

	if (!changed && !share->file_in_trouble) {
		share_overrides_free(fresh);
		return;
	}
	tell_refused(fresh, "of the database");
	save_file(share, fresh);
	pthread_mutex_lock(&share->lock);
	old = share->overrides;
	share->overrides = fresh;
	share->generation += changed;
	pthread_mutex_unlock(&share->lock);
	share_overrides_free(old);
}

static bool
look_at_overrides(struct share *share, struct why *why)
{
	struct arena *arena = arena_new();
	struct share_overrides *fresh = NULL;
	struct pg_rows *rows;

	if (pg_call(share->pg, arena,
		    "select name, level, match, reason, extract(epoch from "
		    "until)::bigint from signet.tls_overrides() order by name",
		    NULL, 0, &rows, why) == PG_DONE)
		fresh = share_overrides_from_rows(rows, why);
	arena_free(arena);
	if (fresh == NULL)
		return false;
	use_overrides(share, fresh);
	return true;
}

/* Copies what is found: the list may be another the next moment. */
static void
copy_override(const struct share_overrides *overrides, struct arena *arena,
	      const struct tls_override *found, struct share_override *to)
{
	size_t at = (size_t)(found - overrides->list), i;
	struct buf match;

	buf_init(&match, arena, SHARE_OVERRIDES_BYTES);
	for (i = 0; i < found->match_count; i++) {
		if (i > 0)
			buf_char(&match, ':');
		buf_text(&match, found->match[i]);
	}
	to->domain.name = text_copy(arena, found->domain.name);
	to->is_parent = found->is_parent;
	to->level = text_from(overrides->words[at]);
	to->match = buf_view(&match);
	to->reason = text_copy(arena, found->reason);
	to->until_s = found->until_s == INT64_MAX ? 0 : found->until_s;
}

bool
share_override_get(struct share *share, struct arena *arena,
		   struct domain domain, int64_t now_s,
		   struct share_override *override)
{
	const struct tls_override *found = NULL;

	pthread_mutex_lock(&share->lock);
	if (share->overrides != NULL)
		found =
		    tls_override_find(share->overrides->list,
				      share->overrides->count, domain, now_s);
	if (found != NULL)
		copy_override(share->overrides, arena, found, override);
	pthread_mutex_unlock(&share->lock);
	return found != NULL;
}

uint64_t
share_generation(struct share *share)
{
	uint64_t generation;

	pthread_mutex_lock(&share->lock);
	generation = share->generation;
	pthread_mutex_unlock(&share->lock);
	return generation;
}

bool
share_is_connected(struct share *share)
{
	bool connected;

	pthread_mutex_lock(&share->lock);
	connected = share->connected;
	pthread_mutex_unlock(&share->lock);
	return connected;
}

/* --- the database --- */

bool
share_look(struct share *share, int64_t now_s, struct why *why)
{
	bool good = share->pg != NULL ||
		    why_set(why, "there is no database in signet.conf");

	good = good && look_at_overrides(share, why) &&
	       (share->options.cache == NULL ||
		share_policies(share->options.cache, share->pg, &share->place,
			       now_s, why));
	pthread_mutex_lock(&share->lock);
	share->connected = good;
	pthread_mutex_unlock(&share->lock);
	return good;
}

/* One line when it goes, and one when it comes back. */
static void
look_and_tell(struct share *share)
{
	struct why why;
	bool good = share_look(share, clock_unix_ms() / 1000, &why);

	if (!good && !share->in_trouble)
		log_warning("overrides and policies are not shared, what is "
			    "known counts: %s",
			    why.text);
	if (good && share->in_trouble)
		log_info("overrides and policies are shared again");
	share->in_trouble = !good;
}

static bool
wait_for_next(struct share *share)
{
	int64_t wait_ms = (int64_t)share->options.interval_s * 1000;
	int64_t pause_ms = pg_pause_ms(share->pg);
	struct deadline until;
	struct timespec at;
	bool stays;

	/* while it is away, its own pauses say when to try again */
	if (share->in_trouble && pause_ms > 0 && pause_ms < wait_ms)
		wait_ms = pause_ms;
	until = clock_deadline_in(wait_ms);
	at = (struct timespec){.tv_sec = until.at_ms / 1000,
			       .tv_nsec = until.at_ms % 1000 * 1000000};
	pthread_mutex_lock(&share->lock);
	while (!share->stopping && clock_monotonic_ms() < until.at_ms)
		pthread_cond_timedwait(&share->wake, &share->lock, &at);
	stays = !share->stopping;
	pthread_mutex_unlock(&share->lock);
	return stays;
}

static void *
run(void *handle)
{
	struct share *share = handle;

	do {
		look_and_tell(share);
	} while (wait_for_next(share));
	return NULL;
}

/* --- opening --- */

struct share *
share_open(const struct share_options *options)
{
	struct share *share = xcalloc(1, sizeof(*share));
	pthread_condattr_t attributes;

	share->options = *options;
	if (options->directory != NULL)
		share->directory = xstrdup(options->directory);
	pthread_mutex_init(&share->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&share->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	if (options->conninfo != NULL) {
		const struct pg_options pg = {.conninfo = options->conninfo,
					      .program = options->program,
					      .call_ms = CALL_MS,
					      .pause_most_ms = PAUSE_MOST_MS};

		share->pg = pg_open(&pg);
	}
	load_file(share);
	return share;
}

void
share_start(struct share *share)
{
	if (share->pg == NULL)
		return;
	share->has_thread =
	    pthread_create(&share->thread, NULL, run, share) == 0;
	if (!share->has_thread)
		log_error("no thread to talk to the database");
}

void
share_close(struct share *share)
{
	if (share == NULL)
		return;
	pthread_mutex_lock(&share->lock);
	share->stopping = true;
	pthread_cond_signal(&share->wake);
	pthread_mutex_unlock(&share->lock);
	if (share->has_thread)
		pthread_join(share->thread, NULL);
	pg_close(share->pg);
	share_overrides_free(share->overrides);
	pthread_cond_destroy(&share->wake);
	pthread_mutex_destroy(&share->lock);
	free(share->directory);
	free(share);
}
