#include "postfix-policy/sts_store.h"

#include "base/arena.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/log.h"
#include "postfix-policy/sts_file.h"

/* --- with the lock held --- */

uint32_t
sts_store_random(struct sts_cache *cache, uint32_t most)
{
	/* spreads work over time, no more: xorshift32 */
	cache->random ^= cache->random << 13;
	cache->random ^= cache->random >> 17;
	cache->random ^= cache->random << 5;
	return cache->random % (most + 1);
}

void
sts_store_plan(struct sts_cache *cache, struct sts_entry *entry, int64_t now_s)
{
	int64_t age_s = (int64_t)cache->settings->refresh_s;
	int64_t life_s = (int64_t)entry->expires_s - entry->checked_s;
	int64_t left_s = (int64_t)entry->expires_s - now_s, due_s;

	/* well before its end, when it lives shortly */
	if (age_s > life_s / 2)
		age_s = life_s / 2;
	due_s = entry->checked_s + age_s;
	if (due_s < now_s) {
		/* overdue, as all are after a long stop: over three hours,
		 * or what is left */
		age_s = left_s / 2 < 10800 ? left_s / 2 : 10800;
		due_s = now_s;
	}
	if (age_s > 0)
		due_s += sts_store_random(cache, (uint32_t)age_s / 4);
	entry->due_s = (uint32_t)due_s;
}

void
sts_store_is_unsaved(struct sts_cache *cache)
{
	cache->is_unsaved = true;
	pthread_cond_signal(&cache->keeper_wanted);
}

struct sts_stored
sts_store_entry(const struct sts_entry *entry)
{
	return (struct sts_stored){
	    .domain.name = sts_entry_domain(entry),
	    .id = sts_entry_id(entry),
	    .file = sts_entry_file(entry),
	    .fetched_s = entry->fetched_s,
	    .checked_s = entry->checked_s,
	    .used_s = entry->used_s,
	};
}

struct sts_entry *
sts_store_put(struct sts_cache *cache, const struct sts_stored *stored,
	      const struct sts_policy *policy, bool share)
{
	struct sts_entry *old =
	    sts_table_find(cache->table, stored->domain.name);
	bool replaces = old != NULL && (old->marks & STS_MARK_UNSAVED) == 0 &&
			old->file_bytes > 0;
	struct sts_entry *entry = sts_table_put(cache->table, stored, policy);

	if (replaces)
		cache->dead_lines++;
	entry->marks |= STS_MARK_UNSAVED;
	if (share)
		entry->marks |= STS_MARK_UNSHARED;
	sts_store_is_unsaved(cache);
	return entry;
}

void
sts_store_drop(struct sts_cache *cache, struct text domain)
{
	struct sts_gone *gone;

	if (cache->file != NULL) {
		gone = xcalloc(1, sizeof(*gone) + domain.len);
		memcpy(gone->domain, domain.at, domain.len);
		gone->bytes = domain.len;
		gone->next = cache->gone;
		cache->gone = gone;
		sts_store_is_unsaved(cache);
	}
	sts_table_drop(cache->table, domain);
}

/* --- reading --- */

struct load {
	struct sts_cache *cache;
	int64_t now_s;
	size_t lines, refused, over;
	struct why why; /* of the first refused */
};

static void
load_one(void *handle, struct arena *arena, struct sts_stored *stored)
{
	struct load *load = handle;
	struct sts_cache *cache = load->cache;
	struct sts_policy policy;
	struct sts_entry *entry;
	struct why why;

	load->lines++;
	if (stored->gone) {
		sts_table_drop(cache->table, stored->domain.name);
		return;
	}
	if (!sts_stored_check(arena, stored, load->now_s, &policy, &why)) {
		if (load->refused++ == 0)
			load->why = why;
		return;
	}
	if (stored->checked_s + policy.max_age_s <= load->now_s) {
		sts_table_drop(cache->table, stored->domain.name);
		load->over++;
		return;
	}
	entry = sts_table_put(cache->table, stored, &policy);
	entry->marks |= STS_MARK_UNSHARED;
	sts_store_plan(cache, entry, load->now_s);
}

static void
log_damage(const struct load *load, const struct sts_file_damage *damage)
{
	if (damage->lines > 0)
		log_warning("mta-sts: %zu damaged lines of sts-policies are "
			    "left out, the first is line %zu: %s",
			    damage->lines, damage->first, damage->reason);
	if (load->refused > 0)
		log_warning("mta-sts: %zu policies of sts-policies are left "
			    "out, the first: %s",
			    load->refused, load->why.text);
	if (damage->cut)
		log_info("mta-sts: sts-policies ended within a line, which is "
			 "left out");
}

void
sts_store_load(struct sts_cache *cache, int64_t now_s)
{
	struct load load = {.cache = cache, .now_s = now_s};
	struct sts_file_damage damage;
	struct why why;

	if (cache->file == NULL)
		return;
	if (!sts_file_read(cache->file, load_one, &load, &damage, &why)) {
		log_error("mta-sts: the policies were not read: %s", why.text);
		cache->counts.file_errors++;
		return;
	}
	log_damage(&load, &damage);
	cache->file_damaged = damage.lines > 0 || load.refused > 0;
	cache->dead_lines = load.lines - sts_table_entries(cache->table);
	log_info("mta-sts: %zu policies from before",
		 sts_table_entries(cache->table));
	cache->file_anew = cache->file_damaged || damage.cut;
	if (cache->file_anew)
		sts_store_save(cache, true);
}
