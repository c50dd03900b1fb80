#include "milter/key_named.h"

#include <dirent.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "milter/key_file.h"
#include "milter/key_store.h"

struct reader {
	struct arena *arena;
	struct key_store *store;
	struct named_key **end;
	size_t count;
	struct why *why;
};

static struct signing_key *
find_path(const struct reader *reader, const char *path)
{
	const struct named_key *named;

	for (named = reader->store->named; named != NULL; named = named->next)
		if (strcmp(named->key->path, path) == 0)
			return named->key;
	return NULL;
}

/* A key that several lines name is read once. */
static const struct private_key *
read_private(struct reader *reader, const struct key_entry *entry,
	     const char *path)
{
	const struct signing_key *same;

	if (!entry->key_is_file)
		return key_file_inline(reader->arena, entry->key, reader->why);
	same = find_path(reader, path);
	return same != NULL ? same->key
			    : key_file_read(reader->arena, path, reader->why);
}

static bool
add(struct reader *reader, const struct key_entry *entry, struct domain author,
    const char *path)
{
	struct named_key *named =
	    arena_new_value(reader->arena, struct named_key);
	struct signing_key *key =
	    arena_new_value(reader->arena, struct signing_key);

	if (reader->count++ == LIMIT_SIGN_KEYS)
		return why_set(reader->why, "more than %d keys",
			       LIMIT_SIGN_KEYS);
	key->domain = domain_is_set(entry->domain) ? entry->domain : author;
	key->selector = entry->selector;
	key->path = path;
	key->key = read_private(reader, entry, path);
	if (key->key == NULL)
		return false;
	key->public_half = private_key_public(reader->arena, key->key);
	named->entry = entry;
	named->key = key;
	named->author = author;
	*reader->end = named;
	reader->end = &named->next;
	return true;
}

/* --- file names with '%' --- */

static const char *
with_domain(struct arena *arena, struct text path, struct domain domain)
{
	struct buf to;
	size_t i;

	buf_init(&to, arena, 4096);
	for (i = 0; i < path.len; i++)
		if (path.at[i] == '%')
			buf_text(&to, domain.name);
		else
			buf_char(&to, path.at[i]);
	return buf_cstring(&to);
}

/* The domain that stands for '%' in `name`, which has the form of `part`. */
static bool
take_domain(struct arena *arena, struct text part, struct text name,
	    struct domain *domain)
{
	size_t at = text_find(part, '%'), tail = part.len - at - 1;
	struct text end = text_skip(part, at + 1);

	return name.len > at + tail &&
	       text_equal(text_first(name, at), text_first(part, at)) &&
	       text_equal(text_skip(name, name.len - tail), end) &&
	       domain_parse(
		   arena, text_first(text_skip(name, at), name.len - at - tail),
		   domain, NULL);
}

static bool
add_if_there(struct reader *reader, const struct key_entry *entry,
	     struct text part, const char *name)
{
	struct domain domain;
	const char *path;

	if (!take_domain(reader->arena, part, text_from(name), &domain))
		return true;
	path = with_domain(reader->arena, entry->key, domain);
	if (access(path, F_OK) != 0)
		return true;
	return add(reader, entry, domain, path);
}

/* The directory before the part with the first '%', and that part. */
static bool
add_each(struct reader *reader, const struct key_entry *entry)
{
	struct text before = text_first(entry->key, text_find(entry->key, '%'));
	size_t slash = text_find_last(before, '/');
	struct text part = text_skip(entry->key, slash + 1);
	const char *directory =
	    text_string(reader->arena, text_first(before, slash + 1));
	struct dirent *found;
	bool fine = true;
	DIR *stream = opendir(directory);

	part = text_first(part, text_find(part, '/'));
	if (stream == NULL)
		return why_set(reader->why, "cannot open %s", directory);
	while (fine && (found = readdir(stream)) != NULL)
		fine = add_if_there(reader, entry, part, found->d_name);
	closedir(stream);
	return fine;
}

static bool
add_entry(struct reader *reader, const struct key_entry *entry)
{
	const char *path = entry->key_is_file
			       ? text_string(reader->arena, entry->key)
			       : "a key in the table itself";

	if (entry->key_is_file && text_has(entry->key, '%'))
		return add_each(reader, entry);
	return add(reader, entry, (struct domain){0}, path);
}

bool
key_named_load(struct arena *arena, struct key_store *store, struct why *why)
{
	struct reader reader = {
	    .arena = arena, .store = store, .end = &store->named, .why = why};
	const struct key_entry *entry;

	for (entry = store->key_table.first; entry != NULL; entry = entry->next)
		if (!add_entry(&reader, entry))
			return why_prefix(why, "%u", entry->line);
	return true;
}

struct signing_key *
key_named_find(const struct key_store *store, struct text name,
	       struct domain author)
{
	const struct named_key *named;

	for (named = store->named; named != NULL; named = named->next)
		if (text_equal_nocase(named->entry->name, name) &&
		    (!domain_is_set(named->author) ||
		     domain_equal(named->author, author)))
			return named->key;
	return NULL;
}
