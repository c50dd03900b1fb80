/* keys_import.c - keys of OpenDKIM become ours */
#include "admin/keys.h"
#include "admin/keys_signer.h"
#include "admin/keys_work.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/private_key.h"
#include "io/file.h"
#include "milter/key_file.h"
#include "milter/key_table.h"
#include "milter/signing_table.h"

#define TABLE_BYTES_MAX (16u << 20)

struct import {
	struct keys *keys;
	struct key_table table;
	struct signing_table rules;
	bool failed;
};

/* Is the rule what a directory says by itself: the key of `domain` signs mail
 * from addresses of that domain? */
static bool
is_plain(const struct signing_entry *rule, struct domain domain)
{
	struct text pattern = rule->pattern;

	if (text_starts(pattern, TEXT("*@")))
		pattern = text_skip(pattern, 2);
	return rule->signer.len == 0 && text_equal_nocase(pattern, domain.name);
}

/* The rules that name the key, with what a directory cannot say. */
static void
say_rules(const struct import *import, const struct key_entry *source)
{
	const struct signing_entry *rule;
	bool any = false;
	size_t i;

	for (i = 0; i < import->rules.count; i++) {
		rule = &import->rules.entries[i];
		if (!text_equal_nocase(rule->key_name, source->name))
			continue;
		any = true;
		printf("  signs for " TEXT_FMT "%s\n", TEXT_ARG(rule->pattern),
		       is_plain(rule, source->domain)
			   ? ""
			   : ": this rule stays in the table, which "
			     "signet-sign reads too ([sign])");
	}
	if (!any)
		printf("  no rule of the SigningTable names it\n");
}

static struct private_key *
read_key(struct arena *arena, const struct key_entry *source, struct why *why)
{
	struct private_key *private_key;
	struct text pem;

	if (!source->key_is_file)
		return key_file_inline(arena, source->key, why);
	if (!file_read(arena, text_string(arena, source->key),
		       LIMIT_KEY_FILE_BYTES, &pem, why))
		return NULL;
	private_key = private_key_read(arena, pem, why);
	crypto_wipe((void *)(uintptr_t)pem.at, pem.len);
	return private_key;
}

static bool
read_source(struct import *import, const struct key_entry *source,
	    struct kept_key *key, struct text *pem, struct why *why)
{
	struct arena *arena = import->keys->arena;
	struct private_key *private_key;

	if (!domain_is_set(source->domain))
		return why_set(why, "it signs for any domain, which a "
				    "directory cannot say");
	key->file = (struct key_file){.domain = source->domain,
				      .state = KEY_ACTIVE,
				      .since_s = import->keys->now_s};
	if (!key_selector_parse(arena, source->selector, source->domain,
				&key->file.selector, why))
		return false;
	private_key = read_key(arena, source, why);
	if (private_key == NULL)
		return false;
	*pem = private_key_pem(arena, private_key);
	key->type = private_key_type(private_key);
	key->bits = private_key_bits(private_key);
	key->public_bytes = private_key_public(arena, private_key);
	return true;
}

/* A key that signs must be in the DNS. */
static bool
is_in_dns(struct keys *keys, const struct kept_key *key, struct why *why)
{
	struct key_check dns = keys_ask_all(keys, key);

	switch (dns.found) {
	case KEY_FOUND_SAME:
		return true;
	case KEY_FOUND_MISSING:
		break;
	case KEY_FOUND_REVOKED:
		why_set(&dns.why, "the DNS says that it is revoked");
		break;
	case KEY_FOUND_OTHER:
		why_prefix(&dns.why, "the DNS has another record there");
		break;
	case KEY_FOUND_COULD_NOT_ASK:
		why_prefix(&dns.why, "the DNS could not be asked");
		break;
	case KEY_FOUND_NOT_ASKED:
		break;
	}
	return keys->arguments.force ||
	       why_set(why, "%.400s; --force imports it all the same",
		       dns.why.text);
}

/* Where the key stood, for the history. */
static const char *
origin(struct keys *keys, const struct key_entry *source)
{
	if (!source->key_is_file)
		return "imported from a KeyTable";
	return arena_printf(keys->arena, "imported from " TEXT_FMT,
			    TEXT_ARG(source->key));
}

static bool
write_key(struct keys *keys, struct kept_key *key, struct text pem,
	  const struct key_entry *source, struct why *why)
{
	struct kept_key *first, *there;

	if (!keys_enter(keys, key->file.domain, true, &first))
		return why_set(why, "the directory cannot be used");
	there = keys_find(first, key->file.selector);
	if (there != NULL &&
	    text_equal(there->public_bytes, key->public_bytes)) {
		printf("  is here already, %s\n",
		       key_state_name(there->file.state));
		return true;
	}
	if (key_files_has(keys->lock, key->file.selector))
		return why_set(why, "there is or was another key of that name "
				    "here");
	keys_signer_note(keys);
	if (!key_files_write(keys->lock, &keys->store, &key->file, pem, why))
		return false;
	printf("  imported, active\n");
	return keys_record(keys, key, origin(keys, source), true) ||
	       why_set(why, "the database refuses it");
}

static void
import_key(struct import *import, const struct key_entry *source)
{
	struct keys *keys = import->keys;
	struct kept_key key = {0};
	struct text pem = {0};
	struct why why;
	bool fine;

	printf(TEXT_FMT ": selector " TEXT_FMT ", " TEXT_FMT "\n",
	       TEXT_ARG(domain_is_set(source->domain) ? source->domain.name
						      : TEXT("%")),
	       TEXT_ARG(source->selector),
	       TEXT_ARG(source->key_is_file ? source->key
					    : TEXT("a key in the table")));
	say_rules(import, source);
	fine = read_source(import, source, &key, &pem, &why);
	if (fine)
		printf("  %s, %u bits\n", key_type_name(key.type), key.bits);
	fine = fine && is_in_dns(keys, &key, &why);
	if (fine && keys->arguments.write)
		fine = write_key(keys, &key, pem, source, &why);
	keys_leave(keys);
	if (!fine)
		printf("  NOT imported: %s\n", why.text);
	import->failed |= !fine;
}

static bool
read_tables(struct import *import, struct why *why)
{
	const struct keys_arguments *arguments = &import->keys->arguments;
	struct arena *arena = import->keys->arena;
	struct text text;

	if (!file_read(arena, arguments->key_table, TABLE_BYTES_MAX, &text,
		       why))
		return false;
	if (!key_table_parse(arena, text, &import->table, why))
		return why_prefix(why, "%s", arguments->key_table);
	if (!file_read(arena, arguments->signing_table, TABLE_BYTES_MAX, &text,
		       why))
		return false;
	return signing_table_parse(arena, text, true, &import->rules, why) ||
	       why_prefix(why, "%s", arguments->signing_table);
}

bool
keys_import(struct keys *keys)
{
	struct import import = {.keys = keys};
	const struct key_entry *entry;
	struct why why;

	if (!read_tables(&import, &why))
		return keys_trouble(keys, NULL, "%s", why.text);
	for (entry = import.table.first; entry != NULL; entry = entry->next)
		import_key(&import, entry);
	if (!keys->arguments.write)
		printf("Nothing was changed; --write imports these keys.\n");
	return !import.failed;
}
