#include "io/config.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/why.h"
#include "io/config_file.h"
#include "io/config_value.h"

/* One config_fill, remembered for config_check. */
struct fill {
	const struct config_option *table;
	const char *section;
	const char *name; /* or NULL */
	struct fill *next;
};

struct config_source {
	struct arena *arena;
	struct config_file file;
	struct fill *fills;
};

struct config_source *
config_read(struct arena *arena, const char *path, struct why *why)
{
	struct config_source *source;

	source = arena_new_value(arena, struct config_source);
	source->arena = arena;
	if (!config_file_read(arena, path, &source->file, why))
		return NULL;
	return source;
}

/* "milter" of "milter inbound" */
static struct text
section_base(const char *section)
{
	struct text all = text_from(section);

	return text_first(all, text_find(all, ' '));
}

/* "inbound" of "milter inbound"; empty without one */
static struct text
section_name(const char *section)
{
	struct text all = text_from(section);

	return text_trim(text_skip(all, text_find(all, ' ')));
}

/* NULL stands for no name. */
static bool
section_is(const char *section, const char *base, const char *name)
{
	return text_equal(section_base(section), text_from(base)) &&
	       text_equal(section_name(section), text_from(name));
}

size_t
config_names(const struct config_source *source, const char *section,
	     const char *const **names)
{
	const struct config_section *one;
	const char **found;
	size_t count = 0, room = 0;

	for (one = source->file.sections; one != NULL; one = one->next)
		room++;
	found = arena_new_array(source->arena, const char *, room + 1);
	for (one = source->file.sections; one != NULL; one = one->next)
		if (section_name(one->name).len > 0 &&
		    text_equal(section_base(one->name), text_from(section)))
			found[count++] =
			    text_string(source->arena, section_name(one->name));
	*names = found;
	return count;
}

static bool
may_repeat(const struct config_option *option)
{
	return option->type == CONFIG_STRINGS ||
	       option->type == CONFIG_NETWORKS;
}

static bool
fill_entry(struct config_source *source, const struct config_option *option,
	   const struct config_entry *entry, const struct config_entry *first,
	   void *target, struct why *why)
{
	const char *path = source->file.path;

	if (first != NULL && !may_repeat(option))
		return why_set(why,
			       "%s:%u: %s stands in line %u already; write it "
			       "once",
			       path, entry->line, option->name, first->line);
	if (first == NULL)
		config_value_clear(option, target);
	if (config_value_parse(source->arena, option, entry->value, target,
			       why))
		return true;
	why_prefix(why, "%s", option->name);
	return why_prefix(why, "%s:%u", path, entry->line);
}

/* All entries of one option in one section. */
static bool
fill_from_section(struct config_source *source,
		  const struct config_option *option, const char *section,
		  const char *name, void *target, struct why *why)
{
	const struct config_entry *entry, *first = NULL;

	for (entry = source->file.entries; entry != NULL; entry = entry->next) {
		if (strcmp(entry->name, option->name) != 0 ||
		    !section_is(entry->section, section, name))
			continue;
		if (!fill_entry(source, option, entry, first, target, why))
			return false;
		if (first == NULL)
			first = entry;
	}
	return true;
}

static bool
fill_option(struct config_source *source, const struct config_option *option,
	    const char *section, const char *name, void *target,
	    struct why *why)
{
	config_value_clear(option, target);
	if (option->otherwise != NULL &&
	    !config_value_parse(source->arena, option, option->otherwise,
				target, why))
		return why_prefix(why, "default of %s", option->name);
	if (!fill_from_section(source, option, section, NULL, target, why))
		return false;
	return name == NULL ||
	       fill_from_section(source, option, section, name, target, why);
}

bool
config_fill(struct config_source *source, const struct config_option *table,
	    const char *section, const char *name, void *target,
	    struct why *why)
{
	const struct config_option *option;
	struct fill *fill = arena_new_value(source->arena, struct fill);

	fill->table = table;
	fill->section = section;
	fill->name = name;
	fill->next = source->fills;
	source->fills = fill;
	for (option = table; option->section != NULL; option++)
		if (strcmp(option->section, section) == 0 &&
		    !fill_option(source, option, section, name, target, why))
			return false;
	return true;
}

/* Steps from one word to another (insert, delete, replace a letter). */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[65], above_left, above, best;
	size_t a_len = strlen(a), b_len = strlen(b), i, j;

	if (a_len > 64 || b_len > 64)
		return 64;
	for (j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (i = 1; i <= a_len; i++) {
		above_left = row[0];
		row[0] = (unsigned)i;
		for (j = 1; j <= b_len; j++) {
			above = row[j];
			best = above_left +
			       (ascii_lower(a[i - 1]) != ascii_lower(b[j - 1]));
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			above_left = above;
			row[j] = best;
		}
	}
	return row[b_len];
}

static void
take_nearer(const char **nearest, const char *candidate, const char *word)
{
	if (*nearest == NULL ||
	    distance(candidate, word) < distance(*nearest, word))
		*nearest = candidate;
}

static bool
unknown_section(const struct config_source *source,
		const struct config_section *section, const char *const *known,
		struct why *why)
{
	const char *base =
	    text_string(source->arena, section_base(section->name));
	const char *nearest = NULL;

	for (; *known != NULL; known++)
		take_nearer(&nearest, *known, base);
	return why_set(why,
		       "%s:%u: no program knows section [%.60s]; write [%s]",
		       source->file.path, section->line, section->name,
		       nearest != NULL ? nearest : "common");
}

static bool
check_sections(const struct config_source *source, const char *const *known,
	       struct why *why)
{
	const struct config_section *section;
	size_t i;

	for (section = source->file.sections; section != NULL;
	     section = section->next) {
		for (i = 0; known[i] != NULL; i++)
			if (text_equal(section_base(section->name),
				       text_from(known[i])))
				break;
		if (known[i] == NULL)
			return unknown_section(source, section, known, why);
	}
	return true;
}

enum found { FOUND_NOWHERE, FOUND_SECTION, FOUND_OPTION };

/* Looks an entry up in the tables that were filled; `nearest` becomes the
 * name in them that looks most like it. */
static enum found
find_entry(const struct config_source *source, const struct config_entry *entry,
	   const char **nearest)
{
	const struct config_option *option;
	const struct fill *fill;
	enum found found = FOUND_NOWHERE;

	for (fill = source->fills; fill != NULL; fill = fill->next) {
		if (!section_is(entry->section, fill->section, NULL) &&
		    (fill->name == NULL ||
		     !section_is(entry->section, fill->section, fill->name)))
			continue;
		found = FOUND_SECTION;
		for (option = fill->table; option->section != NULL; option++) {
			if (strcmp(option->section, fill->section) != 0)
				continue;
			if (strcmp(option->name, entry->name) == 0)
				return FOUND_OPTION;
			take_nearer(nearest, option->name, entry->name);
		}
	}
	return found;
}

/* True if "[base]" was filled though "[base name]" was not. */
static bool
is_misnamed(const struct config_source *source,
	    const struct config_entry *entry)
{
	const struct fill *fill;

	if (section_name(entry->section).len == 0)
		return false;
	for (fill = source->fills; fill != NULL; fill = fill->next)
		if (text_equal(section_base(entry->section),
			       text_from(fill->section)))
			return true;
	return false;
}

bool
config_check(const struct config_source *source,
	     const char *const *known_sections, struct why *why)
{
	const struct config_entry *entry;
	const char *nearest, *path = source->file.path;

	if (!check_sections(source, known_sections, why))
		return false;
	for (entry = source->file.entries; entry != NULL; entry = entry->next) {
		nearest = NULL;
		switch (find_entry(source, entry, &nearest)) {
		case FOUND_OPTION:
			break;
		case FOUND_SECTION:
			return why_set(why,
				       "%s:%u: there is no option \"%.60s\" in "
				       "[%.60s]; write %s",
				       path, entry->line, entry->name,
				       entry->section,
				       nearest != NULL ? nearest : "no option");
		case FOUND_NOWHERE:
			if (is_misnamed(source, entry))
				return why_set(
				    why,
				    "%s:%u: section [%.60s] takes no "
				    "name; write [" TEXT_FMT "]",
				    path, entry->line, entry->section,
				    TEXT_ARG(section_base(entry->section)));
			break;
		}
	}
	return true;
}

bool
config_blame(const struct config_source *source, const char *section,
	     const char *name, const char *option, const char *word,
	     struct why *why)
{
	const struct config_entry *entry, *blamed = NULL;
	bool own, blamed_own = false;

	for (entry = source->file.entries; entry != NULL; entry = entry->next) {
		own = name != NULL && section_is(entry->section, section, name);
		if (strcmp(entry->name, option) != 0 ||
		    (!own && !section_is(entry->section, section, NULL)) ||
		    (word != NULL && strstr(entry->value, word) == NULL) ||
		    (blamed_own && !own))
			continue;
		blamed = entry;
		blamed_own = own;
	}
	if (blamed == NULL)
		return why_prefix(why, "%s", source->file.path);
	return why_prefix(why, "%s:%u", source->file.path, blamed->line);
}

/* True if the section's entries for the option give something else than the
 * default. */
static bool
differs(const struct config_source *source, const struct config_option *option,
	const struct config_section *section)
{
	union {
		const char *string;
		struct config_strings strings;
		struct config_networks networks;
		uint64_t number;
	} now, otherwise;
	struct config_option here = *option;
	const struct config_entry *entry;
	bool given = false;

	here.offset = 0;
	memset(&now, 0, sizeof(now));
	memset(&otherwise, 0, sizeof(otherwise));
	if (here.otherwise != NULL)
		config_value_parse(source->arena, &here, here.otherwise,
				   &otherwise, NULL);
	for (entry = source->file.entries; entry != NULL; entry = entry->next)
		if (entry->section == section->name &&
		    strcmp(entry->name, here.name) == 0) {
			config_value_parse(source->arena, &here, entry->value,
					   &now, NULL);
			given = true;
		}
	return given && !config_value_equal(&here, &now, &otherwise);
}

static void
print_option(const struct config_source *source,
	     const struct config_option *option,
	     const struct config_section *section)
{
	const struct config_entry *entry;

	for (entry = source->file.entries; entry != NULL; entry = entry->next)
		if (entry->section == section->name &&
		    strcmp(entry->name, option->name) == 0)
			printf("%s = %s\n", entry->name, entry->value);
}

void
config_print_changed(const struct config_source *source,
		     const struct config_option *table)
{
	const struct config_section *section;
	const struct config_option *option;
	bool named;

	for (section = source->file.sections; section != NULL;
	     section = section->next) {
		named = false;
		for (option = table; option->section != NULL; option++) {
			if (!text_equal(section_base(section->name),
					text_from(option->section)) ||
			    !differs(source, option, section))
				continue;
			if (!named)
				printf("[%s]\n", section->name);
			named = true;
			print_option(source, option, section);
		}
	}
}
