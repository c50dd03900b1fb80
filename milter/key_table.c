#include "milter/key_table.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "milter/table_line.h"

static bool
is_file(struct text key)
{
	return text_starts(key, TEXT("/")) || text_starts(key, TEXT("./")) ||
	       text_starts(key, TEXT("../"));
}

static bool
read_domain(struct arena *arena, struct text domain, struct key_entry *entry,
	    struct why *why)
{
	if (text_equal(domain, TEXT("%")))
		return true;
	if (domain_parse(arena, domain, &entry->domain, NULL))
		return true;
	return why_set(why,
		       "\"" TEXT_FMT "\" is no domain; write "
		       "DOMAIN:SELECTOR:FILE",
		       TEXT_ARG(text_first(domain, 80)));
}

static bool
read_entry(struct arena *arena, const struct table_line *line,
	   struct key_entry *entry, struct why *why)
{
	struct text rest = line->value;
	struct text domain = table_take_part(&rest);

	entry->name = line->key;
	entry->line = line->number;
	entry->selector = table_take_part(&rest);
	entry->key = table_take_part(&rest);
	if (entry->selector.len == 0 || entry->key.len == 0)
		return why_set(why,
			       "\"" TEXT_FMT "\" has not the three parts "
			       "DOMAIN:SELECTOR:FILE",
			       TEXT_ARG(text_first(line->value, 80)));
	entry->key_is_file = is_file(entry->key);
	return read_domain(arena, domain, entry, why);
}

bool
key_table_parse(struct arena *arena, struct text contents,
		struct key_table *table, struct why *why)
{
	struct key_entry **end = &table->first, *entry;
	struct table_lines lines;
	struct table_line line;

	*table = (struct key_table){0};
	table_lines_init(&lines, contents);
	while (table_lines_next(&lines, &line)) {
		if (table->count == LIMIT_SIGN_TABLE_LINES)
			return why_set(why, "%u: more than %d lines",
				       line.number, LIMIT_SIGN_TABLE_LINES);
		entry = arena_new_value(arena, struct key_entry);
		if (!read_entry(arena, &line, entry, why))
			return why_prefix(why, "%u", line.number);
		*end = entry;
		end = &entry->next;
		table->count++;
	}
	return true;
}

const struct key_entry *
key_table_find(const struct key_table *table, struct text name)
{
	const struct key_entry *entry;

	for (entry = table->first; entry != NULL; entry = entry->next)
		if (text_equal_nocase(entry->name, name))
			return entry;
	return NULL;
}
