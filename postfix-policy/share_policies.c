#include "postfix-policy/share_policies.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/why.h"
#include "io/log.h"
#include "io/pg.h"
#include "postfix-policy/sts_store.h"

/* rows of one call */
#define BATCH 500
/* how often it is told which policies were used */
#define USED_S 86400
/* rows may become visible later than their time says: transactions end in
 * another order than they began */
#define OVERLAP_S 120

/* Columns of one call. */
struct batch {
	struct arena *arena;
	size_t count;
	struct text domain[BATCH], id[BATCH], policy[BATCH], mode[BATCH];
	struct text fetched[BATCH], checked[BATCH], expires[BATCH], used[BATCH];
};

static struct text
number(struct arena *arena, int64_t value)
{
	return text_from(arena_printf(arena, "%" PRId64, value));
}

/* A policy that is not UTF-8 goes as we would write it. */
static struct text
as_utf8(struct arena *arena, struct text file, const struct sts_policy *policy)
{
	struct buf to;

	if (utf8_is_valid(file) && !text_has(file, '\0'))
		return text_copy(arena, file);
	buf_init(&to, arena, LIMIT_STS_FILE_BYTES);
	sts_policy_write(&to, policy);
	return buf_view(&to);
}

static void
batch_add(struct batch *batch, const struct sts_entry *entry)
{
	struct arena *arena = batch->arena;
	size_t at = batch->count;
	struct sts_policy policy;

	if (!sts_policy_parse(arena, sts_entry_file(entry), &policy, NULL))
		return;
	batch->domain[at] = text_copy(arena, sts_entry_domain(entry));
	batch->id[at] = text_copy(arena, sts_entry_id(entry));
	batch->policy[at] = as_utf8(arena, sts_entry_file(entry), &policy);
	batch->mode[at] = text_from(sts_mode_name(policy.mode));
	batch->fetched[at] = number(arena, entry->fetched_s);
	batch->checked[at] = number(arena, entry->checked_s);
	batch->expires[at] = number(arena, entry->expires_s);
	batch->used[at] = number(arena, entry->used_s);
	batch->count++;
}

/* Entries that the database lacks, as many as go into one call. */
static void
take_unshared(struct sts_cache *cache, struct batch *batch)
{
	struct sts_cursor cursor = {0};
	struct sts_entry *entry;

	batch->count = 0;
	pthread_mutex_lock(&cache->lock);
	while (batch->count < BATCH &&
	       (entry = sts_table_next(cache->table, &cursor)) != NULL) {
		if ((entry->marks & STS_MARK_UNSHARED) == 0)
			continue;
		entry->marks &= (uint8_t)~STS_MARK_UNSHARED;
		batch_add(batch, entry);
	}
	pthread_mutex_unlock(&cache->lock);
}

static void
mark_unshared(struct sts_cache *cache, const struct batch *batch)
{
	struct sts_entry *entry;
	size_t i;

	pthread_mutex_lock(&cache->lock);
	for (i = 0; i < batch->count; i++) {
		entry = sts_table_find(cache->table, batch->domain[i]);
		if (entry != NULL)
			entry->marks |= STS_MARK_UNSHARED;
	}
	pthread_mutex_unlock(&cache->lock);
}

static bool
put_batch(struct pg *pg, const struct batch *batch, struct why *why)
{
	struct arena *arena = batch->arena;
	size_t count = batch->count;
	char host[LIMIT_DOMAIN_BYTES + 1] = "";
	struct pg_param params[9];

	(void)!gethostname(host, sizeof(host) - 1);
	params[0] = pg_string(host);
	params[1] = pg_texts(arena, batch->domain, count);
	params[2] = pg_texts(arena, batch->id, count);
	params[3] = pg_texts(arena, batch->policy, count);
	params[4] = pg_texts(arena, batch->mode, count);
	params[5] = pg_texts(arena, batch->fetched, count);
	params[6] = pg_texts(arena, batch->checked, count);
	params[7] = pg_texts(arena, batch->expires, count);
	params[8] = pg_texts(arena, batch->used, count);
	return pg_call(pg, arena,
		       "select signet.sts_policy_put($1, $2, $3, $4, $5, $6, "
		       "$7, $8, $9)",
		       params, 9, NULL, why) == PG_DONE;
}

static bool
hand_out(struct sts_cache *cache, struct pg *pg, struct arena *arena,
	 struct why *why)
{
	struct batch *batch;

	for (;;) {
		batch = arena_new_value(arena, struct batch);
		batch->arena = arena;
		take_unshared(cache, batch);
		if (batch->count == 0)
			return true;
		if (!put_batch(pg, batch, why)) {
			mark_unshared(cache, batch);
			return false;
		}
		arena_reset(arena);
	}
}

/* --- taking --- */

/* What another host or a person wrote: it is looked at like what a server
 * says, and counts only if it is newer than what is here. */
static bool
take_row(struct sts_cache *cache, struct arena *arena,
	 struct sts_stored *stored, int64_t now_s, struct why *why)
{
	struct sts_policy policy;
	struct sts_entry *entry;

	if (!sts_stored_check(arena, stored, now_s, &policy, why))
		return false;
	if (stored->checked_s + policy.max_age_s <= now_s)
		return true;
	pthread_mutex_lock(&cache->lock);
	entry = sts_table_find(cache->table, stored->domain.name);
	if (entry == NULL || entry->file_bytes == 0 ||
	    (int64_t)entry->checked_s < stored->checked_s) {
		if (entry != NULL && entry->used_s > stored->used_s)
			stored->used_s = entry->used_s;
		entry = sts_store_put(cache, stored, &policy, false);
		sts_store_plan(cache, entry, now_s);
	}
	pthread_mutex_unlock(&cache->lock);
	return true;
}

/* Forgotten by order, unless it was fetched since. */
static void
forget(struct sts_cache *cache, struct domain domain, int64_t since_s)
{
	struct sts_entry *entry;

	pthread_mutex_lock(&cache->lock);
	entry = sts_table_find(cache->table, domain.name);
	if (entry != NULL && (int64_t)entry->fetched_s <= since_s)
		sts_store_drop(cache, domain.name);
	pthread_mutex_unlock(&cache->lock);
}

static void
take_rows(struct sts_cache *cache, struct arena *arena,
	  const struct pg_rows *rows, struct share_place *place, int64_t now_s)
{
	size_t i;

	for (i = 0; i < pg_rows_count(rows); i++) {
		struct sts_stored stored = {
		    .id = pg_rows_text(rows, i, 1),
		    .file = pg_rows_text(rows, i, 2),
		    .fetched_s = pg_rows_int(rows, i, 3),
		    .checked_s = pg_rows_int(rows, i, 4),
		    .used_s = pg_rows_int(rows, i, 5)};
		struct text name = pg_rows_text(rows, i, 0);
		struct why why;

		if (!domain_parse(arena, name, &stored.domain, &why))
			stored.gone = true; /* there is nothing to do */
		else if (pg_rows_is_null(rows, i, 2))
			forget(cache, stored.domain, stored.checked_s);
		else if (take_row(cache, arena, &stored, now_s, &why))
			continue;
		else if (place->refused++ == 0)
			log_warning("mta-sts: the database has policies that "
				    "are none, the first: domain=" TEXT_FMT
				    " %s",
				    TEXT_ARG(stored.domain.name), why.text);
	}
}

/* From a moment before the last change that was seen. */
static const char *
beginning(struct arena *arena, const struct share_place *place)
{
	struct text text = text_from(place->changed);
	uint64_t at_s = 0;

	(void)text_to_u64(text_first(text, text_find(text, '.')), INT64_MAX,
			  &at_s);
	return arena_printf(arena, "%" PRIu64,
			    at_s > OVERLAP_S ? at_s - OVERLAP_S : 0);
}

static bool
take(struct sts_cache *cache, struct pg *pg, struct arena *arena,
     struct share_place *place, int64_t now_s, struct why *why)
{
	char after[sizeof(place->changed)];
	char domain[LIMIT_DOMAIN_BYTES + 1] = "";
	struct pg_rows *rows;
	size_t count;

	snprintf(after, sizeof(after), "%s", beginning(arena, place));
	do {
		const struct pg_param params[] = {
		    pg_string(after), pg_string(domain), pg_string("500")};

		if (pg_call(pg, arena,
			    "select domain, id, policy, fetched, checked, "
			    "used, changed from signet.sts_policy_since($1, "
			    "$2, $3)",
			    params, 3, &rows, why) != PG_DONE)
			return false;
		take_rows(cache, arena, rows, place, now_s);
		count = pg_rows_count(rows);
		if (count > 0) {
			snprintf(domain, sizeof(domain), TEXT_FMT,
				 TEXT_ARG(pg_rows_text(rows, count - 1, 0)));
			snprintf(after, sizeof(after), TEXT_FMT,
				 TEXT_ARG(pg_rows_text(rows, count - 1, 6)));
			snprintf(place->changed, sizeof(place->changed), "%s",
				 after);
		}
		arena_reset(arena);
	} while (count == BATCH);
	return true;
}

/* --- once a day --- */

static bool
tell_used(struct sts_cache *cache, struct pg *pg, struct arena *arena,
	  int64_t since_s, struct why *why)
{
	struct sts_cursor cursor = {0};
	struct sts_entry *entry;
	struct text *domains, *used;
	size_t count = 0, most;
	struct pg_param params[2];

	pthread_mutex_lock(&cache->lock);
	most = sts_table_entries(cache->table);
	domains = arena_new_array(arena, struct text, most + 1);
	used = arena_new_array(arena, struct text, most + 1);
	while ((entry = sts_table_next(cache->table, &cursor)) != NULL) {
		if (entry->file_bytes == 0 || (int64_t)entry->used_s < since_s)
			continue;
		domains[count] = text_copy(arena, sts_entry_domain(entry));
		used[count++] = number(arena, entry->used_s);
	}
	pthread_mutex_unlock(&cache->lock);
	params[0] = pg_texts(arena, domains, count);
	params[1] = pg_texts(arena, used, count);
	return pg_call(pg, arena, "select signet.sts_policy_used($1, $2)",
		       params, 2, NULL, why) == PG_DONE;
}

static bool
daily(struct sts_cache *cache, struct pg *pg, struct arena *arena,
      struct share_place *place, int64_t now_s, struct why *why)
{
	struct pg_param unused;

	if (place->used_s != 0 && now_s - place->used_s < USED_S)
		return true;
	unused = pg_string(arena_printf(arena, "%" PRIu64 " seconds",
					cache->settings->unused_s));
	if (!tell_used(cache, pg, arena, place->used_s, why) ||
	    pg_call(pg, arena, "select signet.sts_policy_expire($1)", &unused,
		    1, NULL, why) != PG_DONE)
		return false;
	place->used_s = now_s;
	return true;
}

bool
share_policies(struct sts_cache *cache, struct pg *pg,
	       struct share_place *place, int64_t now_s, struct why *why)
{
	struct arena *arena = arena_new();
	bool good = take(cache, pg, arena, place, now_s, why) &&
		    hand_out(cache, pg, arena, why) &&
		    daily(cache, pg, arena, place, now_s, why);

	arena_free(arena);
	return good;
}
