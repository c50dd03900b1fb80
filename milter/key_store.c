#include "milter/key_store.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/file.h"
#include "milter/key_directory.h"
#include "milter/key_named.h"
#include "milter/table_line.h"

enum key_dns
signing_key_dns(const struct signing_key *key)
{
	return (enum key_dns)__atomic_load_n(&key->dns, __ATOMIC_RELAXED);
}

void
signing_key_set_dns(struct signing_key *key, enum key_dns dns)
{
	__atomic_store_n(&key->dns, (int)dns, __ATOMIC_RELAXED);
}

/* --- the keys of one domain --- */

static size_t
first_of(const struct key_store *store, struct domain domain)
{
	size_t low = 0, high = store->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (text_compare(store->keys[middle]->domain.name,
				 domain.name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t
key_store_find(const struct key_store *store, struct domain domain,
	       struct signing_key *const **keys)
{
	size_t from = first_of(store, domain), to = from;

	while (to < store->count &&
	       domain_equal(store->keys[to]->domain, domain))
		to++;
	*keys = store->keys + from;
	return to - from;
}

/* --- files --- */

/* "refile:/path", "file:/path" or "/path" */
static const char *
table_path(const char *given, bool *is_refile, struct why *why)
{
	size_t colon = strcspn(given, ":/");

	*is_refile = strncmp(given, "refile:", 7) == 0;
	if (*is_refile)
		return given + 7;
	if (strncmp(given, "file:", 5) == 0)
		return given + 5;
	if (given[colon] != ':')
		return given;
	why_set(why,
		"\"%.80s\": tables of the kind \"%.*s\" are not read; write "
		"it to a file, and name that as refile:FILE or file:FILE",
		given, (int)colon, given);
	return NULL;
}

static bool
read_rules(struct arena *arena, const char *path, struct sign_rules *rules,
	   struct why *why)
{
	struct text contents;

	if (path == NULL)
		return true;
	if (!file_read(arena, path, LIMIT_SIGN_TABLE_BYTES, &contents, why))
		return why_prefix(why, "rules");
	return sign_rules_parse(arena, contents, rules, why) ||
	       table_blame(why, path);
}

static bool
read_key_table(struct arena *arena, const char *given, struct key_store *store,
	       struct why *why)
{
	struct text contents;
	bool is_refile;
	const char *path = table_path(given, &is_refile, why);

	if (path == NULL ||
	    !file_read(arena, path, LIMIT_SIGN_TABLE_BYTES, &contents, why))
		return why_prefix(why, "key_table");
	return (key_table_parse(arena, contents, &store->key_table, why) &&
		key_named_load(arena, store, why)) ||
	       table_blame(why, path);
}

static bool
check_key_name(const struct key_store *store, const struct signing_entry *entry,
	       struct why *why)
{
	if (text_equal(entry->key_name, TEXT("%")) ||
	    key_table_find(&store->key_table, entry->key_name) != NULL)
		return true;
	return why_set(why,
		       "%u: there is no key \"" TEXT_FMT "\" in the key "
		       "table; write one of its names",
		       entry->line, TEXT_ARG(text_first(entry->key_name, 80)));
}

static bool
read_signing_table(struct arena *arena, const char *given,
		   struct key_store *store, struct why *why)
{
	struct text contents;
	bool is_refile;
	const char *path = table_path(given, &is_refile, why);
	size_t i;

	if (path == NULL ||
	    !file_read(arena, path, LIMIT_SIGN_TABLE_BYTES, &contents, why))
		return why_prefix(why, "signing_table");
	if (!signing_table_parse(arena, contents, is_refile,
				 &store->signing_table, why))
		return table_blame(why, path);
	for (i = 0; i < store->signing_table.count; i++)
		if (!check_key_name(store, &store->signing_table.entries[i],
				    why))
			return table_blame(why, path);
	return true;
}

/* --- rules name keys that are there --- */

static bool
has_selector(const struct key_store *store, struct domain domain,
	     struct text selector)
{
	struct signing_key *const *keys;
	size_t count = key_store_find(store, domain, &keys), i;

	for (i = 0; i < count; i++)
		if (text_equal_nocase(keys[i]->selector, selector))
			return true;
	return false;
}

static bool
check_rule(const struct key_store *store, const struct sign_rule *rule,
	   const char *directory, struct why *why)
{
	struct signing_key *const *keys;
	size_t i;

	if (!domain_is_set(rule->domain))
		return true;
	if (key_store_find(store, rule->domain, &keys) == 0)
		return why_set(why,
			       "%u: there is no key in %s/" TEXT_FMT "; make "
			       "one with signet keys new " TEXT_FMT,
			       rule->line, directory,
			       TEXT_ARG(rule->domain.name),
			       TEXT_ARG(rule->domain.name));
	for (i = 0; i < rule->selector_count; i++)
		if (!has_selector(store, rule->domain, rule->selectors[i]))
			return why_set(
			    why,
			    "%u: there is no key %s/" TEXT_FMT "/" TEXT_FMT
			    ".pem",
			    rule->line, directory, TEXT_ARG(rule->domain.name),
			    TEXT_ARG(text_first(rule->selectors[i], 80)));
	return true;
}

static bool
check_rules(const struct key_store *store, const char *directory,
	    const char *path, struct why *why)
{
	const struct sign_rule *rule;

	for (rule = store->rules.first; rule != NULL; rule = rule->next)
		if (!check_rule(store, rule, directory, why))
			return table_blame(why, path);
	return true;
}

static void
gather_all(struct arena *arena, struct key_store *store)
{
	const struct named_key *named;
	size_t count = store->count;

	for (named = store->named; named != NULL; named = named->next)
		count++;
	store->all = arena_new_array(arena, struct signing_key *, count);
	if (store->count > 0)
		memcpy(store->all, store->keys,
		       store->count * sizeof(*store->all));
	store->all_count = store->count;
	for (named = store->named; named != NULL; named = named->next)
		store->all[store->all_count++] = named->key;
}

bool
key_store_load(struct arena *arena, const char *directory,
	       const struct sign_options *options, struct key_store *store,
	       struct why *why)
{
	*store = (struct key_store){0};
	if (!key_directory_load(arena, directory, store, why) ||
	    !read_rules(arena, options->rules, &store->rules, why) ||
	    !check_rules(store, directory, options->rules, why))
		return false;
	if (options->key_table != NULL &&
	    (!read_key_table(arena, options->key_table, store, why) ||
	     !read_signing_table(arena, options->signing_table, store, why)))
		return false;
	store->has_tables = options->key_table != NULL;
	gather_all(arena, store);
	return true;
}

void
key_store_inherit(struct key_store *store, const struct key_store *older)
{
	struct signing_key *key;
	size_t i, j;

	for (i = 0; i < store->all_count; i++) {
		key = store->all[i];
		for (j = 0; j < older->all_count; j++)
			if (domain_equal(key->domain, older->all[j]->domain) &&
			    text_equal(key->selector,
				       older->all[j]->selector) &&
			    text_equal(key->public_half,
				       older->all[j]->public_half)) {
				signing_key_set_dns(
				    key, signing_key_dns(older->all[j]));
				break;
			}
	}
}
