#include "postfix-policy/sts_table.h"

#include "base/limits.h"
#include "base/xalloc.h"
#include "io/random.h"

#define BUCKETS_LEAST 64
/* What an entry without policy takes, so that these are bounded as well. */
#define WHY_MOST_BYTES 200

struct sts_table {
	struct sts_entry **buckets;
	size_t bucket_count; /* a power of two */
	size_t entries, bytes, most_entries, most_bytes;
	uint32_t seed;
};

struct sts_table *
sts_table_new(size_t most_entries, size_t most_bytes)
{
	struct sts_table *table = xcalloc(1, sizeof(*table));

	table->most_entries = most_entries > 0 ? most_entries : 1;
	table->most_bytes = most_bytes;
	table->bucket_count = BUCKETS_LEAST;
	table->buckets = xcalloc(BUCKETS_LEAST, sizeof(struct sts_entry *));
	if (!random_fill(&table->seed, sizeof(table->seed)))
		table->seed = (uint32_t)(uintptr_t)table;
	return table;
}

/* --- entries --- */

struct text
sts_entry_domain(const struct sts_entry *entry)
{
	return text_of(entry->bytes, entry->domain_bytes);
}

struct text
sts_entry_id(const struct sts_entry *entry)
{
	return text_of(entry->bytes + entry->domain_bytes, entry->id_bytes);
}

struct text
sts_entry_file(const struct sts_entry *entry)
{
	return text_of(entry->bytes + entry->domain_bytes + entry->id_bytes,
		       entry->file_bytes);
}

struct text
sts_entry_why(const struct sts_entry *entry)
{
	return text_of(entry->bytes + entry->domain_bytes + entry->id_bytes +
			   entry->file_bytes,
		       entry->failure_bytes);
}

bool
sts_entry_is_valid(const struct sts_entry *entry, int64_t now_s)
{
	return entry->file_bytes > 0 && now_s < (int64_t)entry->expires_s;
}

static size_t
size_of(const struct sts_entry *entry)
{
	return sizeof(*entry) + entry->domain_bytes + entry->id_bytes +
	       entry->file_bytes + entry->failure_bytes;
}

/* Times beyond 2106 stay there. */
static uint32_t
seconds(int64_t time_s)
{
	return time_s < 0	     ? 0
	       : time_s > UINT32_MAX ? UINT32_MAX
				     : (uint32_t)time_s;
}

/* What an entry says, before it has its place. */
struct parts {
	struct text domain, id, file, why;
};

static void
append(struct sts_entry *entry, size_t *at, struct text part)
{
	if (part.len > 0)
		memcpy(entry->bytes + *at, part.at, part.len);
	*at += part.len;
}

static struct sts_entry *
make(const struct parts *parts, uint32_t hash)
{
	size_t size = parts->domain.len + parts->id.len + parts->file.len +
		      parts->why.len,
	       at = 0;
	struct sts_entry *entry = xcalloc(1, sizeof(*entry) + size);

	entry->hash = hash;
	entry->domain_bytes = (uint8_t)parts->domain.len;
	entry->id_bytes = (uint8_t)parts->id.len;
	entry->file_bytes = (uint16_t)parts->file.len;
	entry->failure_bytes = (uint16_t)parts->why.len;
	append(entry, &at, parts->domain);
	append(entry, &at, parts->id);
	append(entry, &at, parts->file);
	append(entry, &at, parts->why);
	return entry;
}

/* --- places --- */

static uint32_t
hash_of(const struct sts_table *table, struct text domain)
{
	uint64_t hash = table->seed;
	size_t i;

	for (i = 0; i < domain.len; i++)
		hash =
		    (hash ^ (unsigned char)domain.at[i]) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(hash >> 32);
}

/* The pointer that leads to the entry, or to the end of its bucket. */
static struct sts_entry **
place_of(struct sts_table *table, uint32_t hash, struct text domain)
{
	struct sts_entry **at =
	    &table->buckets[hash & (table->bucket_count - 1)];

	while (*at != NULL && ((*at)->hash != hash ||
			       !text_equal(sts_entry_domain(*at), domain)))
		at = &(*at)->next;
	return at;
}

static void
remove_at(struct sts_table *table, struct sts_entry **at)
{
	struct sts_entry *entry = *at;

	*at = entry->next;
	table->entries--;
	table->bytes -= size_of(entry);
	free(entry);
}

static void
grow(struct sts_table *table)
{
	size_t old = table->bucket_count, i;
	struct sts_entry **buckets =
	    xcalloc(old * 2, sizeof(struct sts_entry *));

	for (i = 0; i < old; i++) {
		struct sts_entry *entry = table->buckets[i], *next;

		for (; entry != NULL; entry = next) {
			struct sts_entry **to =
			    &buckets[entry->hash & (old * 2 - 1)];

			next = entry->next;
			entry->next = *to;
			*to = entry;
		}
	}
	free(table->buckets);
	table->buckets = buckets;
	table->bucket_count = old * 2;
}

/* Room for one more: of all entries, the one that was not used longest goes.
 * This looks at each of them, but happens in a full table only. */
static void
make_room(struct sts_table *table, size_t bytes)
{
	while (table->entries > 0 &&
	       (table->entries >= table->most_entries ||
		table->bytes + bytes > table->most_bytes)) {
		struct sts_cursor cursor = {0};
		struct sts_entry *entry, *oldest = NULL;

		while ((entry = sts_table_next(table, &cursor)) != NULL)
			if (oldest == NULL || entry->used_s < oldest->used_s)
				oldest = entry;
		remove_at(table, place_of(table, oldest->hash,
					  sts_entry_domain(oldest)));
	}
}

static void
insert(struct sts_table *table, struct sts_entry *entry)
{
	struct sts_entry **at;

	make_room(table, size_of(entry));
	if (table->entries >= table->bucket_count)
		grow(table);
	at = &table->buckets[entry->hash & (table->bucket_count - 1)];
	entry->next = *at;
	*at = entry;
	table->entries++;
	table->bytes += size_of(entry);
}

/* --- what others call --- */

void
sts_table_free(struct sts_table *table)
{
	size_t i;

	for (i = 0; i < table->bucket_count; i++)
		while (table->buckets[i] != NULL)
			remove_at(table, &table->buckets[i]);
	free(table->buckets);
	free(table);
}

struct sts_entry *
sts_table_find(struct sts_table *table, struct text domain)
{
	return *place_of(table, hash_of(table, domain), domain);
}

struct sts_entry *
sts_table_put(struct sts_table *table, const struct sts_stored *stored,
	      const struct sts_policy *policy)
{
	const struct parts parts = {
	    stored->domain.name, stored->id, stored->file, {NULL, 0}};
	struct sts_entry *entry =
	    make(&parts, hash_of(table, stored->domain.name));

	entry->fetched_s = seconds(stored->fetched_s);
	entry->checked_s = seconds(stored->checked_s);
	entry->used_s = seconds(stored->used_s);
	entry->expires_s = seconds(stored->checked_s + policy->max_age_s);
	if (policy->mode == STS_MODE_NONE)
		entry->marks = STS_MARK_NONE;
	sts_table_drop(table, stored->domain.name);
	insert(table, entry);
	return entry;
}

struct sts_entry *
sts_table_fail(struct sts_table *table, struct text domain,
	       enum sts_failure failure, struct text why, int64_t now_s,
	       int64_t retry_s)
{
	uint32_t hash = hash_of(table, domain);
	struct sts_entry **at = place_of(table, hash, domain), *old = *at;
	struct parts parts = {.domain = domain,
			      .why = text_first(why, WHY_MOST_BYTES)};
	struct sts_entry *entry;

	if (old != NULL) {
		parts.id = sts_entry_id(old);
		parts.file = sts_entry_file(old);
	}
	entry = make(&parts, hash);
	entry->used_s = seconds(now_s);
	if (old != NULL) {
		entry->fetched_s = old->fetched_s;
		entry->checked_s = old->checked_s;
		entry->used_s = old->used_s;
		entry->expires_s = old->expires_s;
		entry->due_s = old->due_s;
		entry->marks = old->marks;
		remove_at(table, at);
	}
	entry->failure = (uint8_t)failure;
	entry->retry_s = seconds(retry_s);
	insert(table, entry);
	return entry;
}

void
sts_table_drop(struct sts_table *table, struct text domain)
{
	struct sts_entry **at = place_of(table, hash_of(table, domain), domain);

	if (*at != NULL)
		remove_at(table, at);
}

struct sts_entry *
sts_table_next(struct sts_table *table, struct sts_cursor *cursor)
{
	struct sts_entry *entry;

	if (!cursor->begun) {
		cursor->begun = true;
		cursor->next = table->buckets[0];
	}
	while (cursor->next == NULL && cursor->bucket + 1 < table->bucket_count)
		cursor->next = table->buckets[++cursor->bucket];
	entry = cursor->next;
	if (entry != NULL)
		cursor->next = entry->next;
	return entry;
}

/* In a copy, `next` leads through it. */
static size_t
step_of(const struct sts_entry *entry)
{
	size_t align = _Alignof(struct sts_entry);

	return (size_of(entry) + align - 1) / align * align;
}

struct sts_entry *
sts_table_copy(struct sts_table *table, uint8_t marks_off)
{
	struct sts_cursor cursor = {0};
	struct sts_entry *entry, *to, *last = NULL;
	size_t room =
	    table->bytes + table->entries * _Alignof(struct sts_entry);
	char *copy;

	if (table->entries == 0)
		return NULL;
	copy = xcalloc(1, room);
	to = (struct sts_entry *)(void *)copy;
	while ((entry = sts_table_next(table, &cursor)) != NULL) {
		memcpy(to, entry, size_of(entry));
		entry->marks &= (uint8_t)~marks_off;
		if (last != NULL)
			last->next = to;
		to->next = NULL;
		last = to;
		to = (struct sts_entry *)(void *)((char *)to + step_of(to));
	}
	return (struct sts_entry *)(void *)copy;
}

const struct sts_entry *
sts_entry_after(const struct sts_entry *entry)
{
	return entry->next;
}

size_t
sts_table_entries(const struct sts_table *table)
{
	return table->entries;
}

size_t
sts_table_bytes(const struct sts_table *table)
{
	return table->bytes + table->bucket_count * sizeof(struct sts_entry *);
}
