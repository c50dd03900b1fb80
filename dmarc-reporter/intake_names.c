#include "dmarc-reporter/intake_names.h"

#include "base/arena.h"
#include "base/scan.h"
#include "base/why.h"
#include "io/file.h"

#define FILE_BYTES_MOST (32u << 20)

static void
append(struct arena *arena, struct intake_names *names, struct text name)
{
	struct text *grown;

	if (names->count == names->room) {
		names->room = names->room * 2 + 16;
		grown = arena_new_array(arena, struct text, names->room);
		if (names->count > 0)
			memcpy(grown, names->names,
			       names->count * sizeof(*grown));
		names->names = grown;
	}
	names->names[names->count++] = name;
}

bool
intake_names_add(struct arena *arena, struct intake_names *names,
		 struct text name, struct why *why)
{
	bool is_below = text_starts(name, TEXT("."));
	struct domain domain;

	if (!domain_parse(arena, text_skip(name, is_below), &domain, why))
		return why_set(why,
			       "\"%.*s\" is no domain; write names such as "
			       "example.com, or .example.com for what lies "
			       "below it",
			       name.len > 80 ? 80 : (int)name.len, name.at);
	if (is_below)
		domain.name = text_from(
		    arena_printf(arena, "." TEXT_FMT, TEXT_ARG(domain.name)));
	append(arena, names, domain.name);
	return true;
}

bool
intake_names_add_file(struct arena *arena, struct intake_names *names,
		      const char *path, struct why *why)
{
	struct text all, line;
	unsigned number = 0;
	struct scan in;

	if (!file_read(arena, path, FILE_BYTES_MOST, &all, why))
		return false;
	scan_init(&in, all);
	while (!scan_at_end(&in)) {
		line = scan_until(&in, '\n');
		line = text_trim(text_first(line, text_find(line, '#')));
		number++;
		if (line.len > 0 && !intake_names_add(arena, names, line, why))
			return why_prefix(why, "%s:%u", path, number);
	}
	return true;
}

static int
compare(const void *a, const void *b)
{
	return text_compare(*(const struct text *)a, *(const struct text *)b);
}

void
intake_names_sort(struct intake_names *names)
{
	if (names->count > 0)
		qsort(names->names, names->count, sizeof(*names->names),
		      compare);
}

static bool
is_listed(const struct intake_names *names, struct text name)
{
	return names->count > 0 &&
	       bsearch(&name, names->names, names->count, sizeof(*names->names),
		       compare) != NULL;
}

bool
intake_names_has(const struct intake_names *names, struct domain domain)
{
	struct text name = domain.name;
	size_t dot;

	if (name.len == 0 || is_listed(names, name))
		return name.len > 0;
	while ((dot = text_find(name, '.')) < name.len) {
		name = text_skip(name, dot);
		if (is_listed(names, name))
			return true;
		name = text_skip(name, 1);
	}
	return false;
}
