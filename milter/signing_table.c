#include "milter/signing_table.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/why.h"
#include "milter/table_line.h"
#include "milter/wildcard.h"

static int
compare_nocase(struct text a, struct text b)
{
	size_t i;

	for (i = 0; i < a.len && i < b.len; i++) {
		unsigned char x = (unsigned char)ascii_lower(a.at[i]);
		unsigned char y = (unsigned char)ascii_lower(b.at[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

static int
by_pattern(const void *a, const void *b)
{
	const struct signing_entry *x = *(const struct signing_entry *const *)a;
	const struct signing_entry *y = *(const struct signing_entry *const *)b;
	int order = compare_nocase(x->pattern, y->pattern);

	if (order != 0)
		return order;
	return x->line < y->line ? -1 : x->line > y->line;
}

static bool
read_entry(const struct table_line *line, struct signing_entry *entry,
	   struct why *why)
{
	struct text rest = line->value;

	entry->pattern = line->key;
	entry->line = line->number;
	entry->key_name = table_take_part(&rest);
	entry->signer = text_trim(rest);
	if (entry->key_name.len > 0)
		return true;
	return why_set(why,
		       "%u: \"" TEXT_FMT "\" names no key; write PATTERN "
		       "KEYNAME",
		       line->number, TEXT_ARG(text_first(line->key, 80)));
}

static size_t
count_lines(struct text contents)
{
	struct table_lines lines;
	struct table_line line;
	size_t count = 0;

	table_lines_init(&lines, contents);
	while (table_lines_next(&lines, &line))
		count++;
	return count;
}

bool
signing_table_parse(struct arena *arena, struct text contents, bool is_refile,
		    struct signing_table *table, struct why *why)
{
	size_t count = count_lines(contents), i;
	struct table_lines lines;
	struct table_line line;

	*table = (struct signing_table){.is_refile = is_refile};
	if (count > LIMIT_SIGN_TABLE_LINES)
		return why_set(why, "1: more than %d lines",
			       LIMIT_SIGN_TABLE_LINES);
	table->entries = arena_new_array(arena, struct signing_entry, count);
	table->sorted =
	    arena_new_array(arena, const struct signing_entry *, count);
	table_lines_init(&lines, contents);
	while (table_lines_next(&lines, &line))
		if (!read_entry(&line, &table->entries[table->count++], why))
			return false;
	for (i = 0; i < count; i++)
		table->sorted[i] = &table->entries[i];
	if (count > 0)
		qsort(table->sorted, count, sizeof(*table->sorted), by_pattern);
	return true;
}

/* --- matching --- */

struct search {
	const struct signing_table *table;
	struct arena *arena;
	bool all;
	const struct signing_entry **found;
	size_t count, most;
};

static bool
is_done(const struct search *search)
{
	return search->count == search->most ||
	       (search->count > 0 && !search->all);
}

/* Two keys of an odd address may be the same. */
static void
take(struct search *search, const struct signing_entry *entry)
{
	size_t i;

	for (i = 0; i < search->count; i++)
		if (search->found[i] == entry)
			return;
	if (!is_done(search))
		search->found[search->count++] = entry;
}

static size_t
first_not_below(const struct signing_table *table, struct text key)
{
	size_t low = 0, high = table->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare_nocase(table->sorted[middle]->pattern, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Lines of the same key: the first counts, or all. */
static void
look_up(struct search *search, const char *before, struct text between,
	struct text after)
{
	const struct signing_table *table = search->table;
	struct text key = table_key(search->arena, between, before, after);
	size_t i = first_not_below(table, key);

	for (; i < table->count && !is_done(search); i++) {
		if (compare_nocase(table->sorted[i]->pattern, key) != 0)
			return;
		take(search, table->sorted[i]);
	}
}

static void
look_up_all(struct search *search, struct text user, struct text host)
{
	struct text parent;
	size_t dot;

	look_up(search, "@", user, host);
	look_up(search, "", TEXT(""), host);
	for (parent = host; (dot = text_find(parent, '.')) < parent.len;) {
		parent = text_skip(parent, dot + 1);
		look_up(search, "@.", user, parent);
	}
	for (parent = host; (dot = text_find(parent, '.')) < parent.len;) {
		parent = text_skip(parent, dot + 1);
		look_up(search, ".", TEXT(""), parent);
	}
	look_up(search, "@*", user, TEXT(""));
	look_up(search, "*", TEXT(""), TEXT(""));
}

size_t
signing_table_match(const struct signing_table *table, struct arena *arena,
		    struct text user, struct text host, bool all,
		    const struct signing_entry **found, size_t most)
{
	struct search search = {table, arena, all, found, 0, most};
	struct text address;
	size_t i;

	if (!table->is_refile) {
		look_up_all(&search, user, host);
		return search.count;
	}
	address = table_key(arena, user, "@", host);
	for (i = 0; i < table->count && !is_done(&search); i++)
		if (wildcard_matches(table->entries[i].pattern, address))
			take(&search, &table->entries[i]);
	return search.count;
}
