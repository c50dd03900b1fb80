#include "postfix-policy/sts_store.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/why.h"
#include "io/log.h"
#include "postfix-policy/sts_file.h"

/* lines that are built before they are written */
#define BATCH_BYTES (32u << 10)
/* lines that count no more, above those that do, before the file is written
 * anew for them */
#define DEAD_LINES 1000

static void
free_gone(struct sts_gone *gone)
{
	while (gone != NULL) {
		struct sts_gone *next = gone->next;

		free(gone);
		gone = next;
	}
}

/* Lines on their way to the file. */
struct output {
	struct sts_file *file;
	struct arena *arena;
	struct buf lines;
	bool (*put)(struct sts_file *file, struct text lines, struct why *why);
};

static void
output_init(struct output *output, struct sts_file *file,
	    bool (*put)(struct sts_file *, struct text, struct why *))
{
	output->file = file;
	output->arena = arena_new();
	output->put = put;
	buf_init(&output->lines, output->arena,
		 BATCH_BYTES + STS_STORED_LINE_BYTES);
}

static bool
output_flush(struct output *output, struct why *why)
{
	bool good = output->lines.len == 0 ||
		    output->put(output->file, buf_view(&output->lines), why);

	arena_reset(output->arena);
	buf_init(&output->lines, output->arena,
		 BATCH_BYTES + STS_STORED_LINE_BYTES);
	return good;
}

static bool
output_add(struct output *output, const struct sts_stored *stored,
	   struct why *why)
{
	sts_stored_write(&output->lines, stored);
	return output->lines.len < BATCH_BYTES || output_flush(output, why);
}

static bool
output_all(struct output *output, const struct sts_entry *copy, struct why *why)
{
	const struct sts_entry *entry;

	for (entry = copy; entry != NULL; entry = sts_entry_after(entry)) {
		struct sts_stored stored = sts_store_entry(entry);

		if (entry->file_bytes > 0 && !output_add(output, &stored, why))
			return false;
	}
	return output_flush(output, why);
}

static bool
save_anew(struct sts_cache *cache, struct why *why)
{
	struct sts_entry *copy;
	struct output output;
	bool good;

	pthread_mutex_lock(&cache->lock);
	copy = sts_table_copy(cache->table, STS_MARK_UNSAVED);
	free_gone(cache->gone);
	cache->gone = NULL;
	cache->dead_lines = 0;
	pthread_mutex_unlock(&cache->lock);
	output_init(&output, cache->file, sts_file_add);
	good = sts_file_begin(cache->file, why) &&
	       output_all(&output, copy, why) &&
	       sts_file_end(cache->file, cache->file_damaged, why);
	arena_free(output.arena);
	free(copy);
	if (good)
		cache->file_damaged = false;
	return good;
}

/* Names that are gone come first: one may have come again.  With the lock
 * held, and for as many lines as fit; false if there was nothing. */
static bool
take_unsaved(struct sts_cache *cache, struct buf *lines)
{
	struct sts_cursor cursor = {0};
	struct sts_entry *entry;

	while (cache->gone != NULL && lines->len < BATCH_BYTES) {
		struct sts_gone *gone = cache->gone;
		struct sts_stored stored = {.gone = true};

		stored.domain.name = text_of(gone->domain, gone->bytes);
		sts_stored_write(lines, &stored);
		cache->dead_lines += 2;
		cache->gone = gone->next;
		free(gone);
	}
	while (lines->len < BATCH_BYTES &&
	       (entry = sts_table_next(cache->table, &cursor)) != NULL) {
		struct sts_stored stored = sts_store_entry(entry);

		if ((entry->marks & STS_MARK_UNSAVED) == 0)
			continue;
		sts_stored_write(lines, &stored);
		entry->marks &= (uint8_t)~STS_MARK_UNSAVED;
	}
	return lines->len > 0;
}

static bool
save_rest(struct sts_cache *cache, struct why *why)
{
	struct output output;
	bool good = true, found = true, any = false;

	output_init(&output, cache->file, sts_file_append);
	while (good && found) {
		pthread_mutex_lock(&cache->lock);
		found = take_unsaved(cache, &output.lines);
		pthread_mutex_unlock(&cache->lock);
		any |= found;
		good = output_flush(&output, why);
	}
	good = good && (!any || sts_file_sync(cache->file, why));
	arena_free(output.arena);
	return good;
}

static bool
is_mostly_dead(struct sts_cache *cache)
{
	bool dead;

	pthread_mutex_lock(&cache->lock);
	dead = cache->dead_lines > DEAD_LINES + sts_table_entries(cache->table);
	pthread_mutex_unlock(&cache->lock);
	return dead;
}

void
sts_store_save(struct sts_cache *cache, bool anew)
{
	struct why why;
	bool good;

	if (cache->file == NULL)
		return;
	anew |= cache->file_anew || is_mostly_dead(cache);
	good = anew ? save_anew(cache, &why) : save_rest(cache, &why);
	cache->file_anew = !good;
	if (good && cache->file_failed)
		log_info("mta-sts: the policies are on disk again");
	if (!good && !cache->file_failed)
		log_error("mta-sts: the policies are not on disk, and will be "
			  "lost in a restart: %s",
			  why.text);
	cache->file_failed = !good;
	pthread_mutex_lock(&cache->lock);
	cache->counts.file_errors += !good;
	pthread_mutex_unlock(&cache->lock);
}
