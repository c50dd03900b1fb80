/* keys_import.c - keys of OpenDKIM become ours */
#include "admin/keys.h"
#include "admin/keys_work.h"
#include "admin/opendkim_tables.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/private_key.h"
#include "io/file.h"

#define TABLE_BYTES_MAX (16u << 20)

struct import {
	struct keys *keys;
	struct opendkim_rule *rules;
	bool failed;
};

/* The rules that name the key, with what a directory cannot say. */
static void
say_rules(const struct import *import, const struct opendkim_key *source)
{
	const struct opendkim_rule *rule;
	bool any = false;

	for (rule = import->rules; rule != NULL; rule = rule->next) {
		if (!text_equal(rule->key, source->name))
			continue;
		any = true;
		printf("  signs for " TEXT_FMT "%s\n", TEXT_ARG(rule->pattern),
		       opendkim_rule_is_plain(rule, source->domain)
			   ? ""
			   : ": this rule stays in the table, which "
			     "signet-sign reads too ([sign])");
	}
	if (!any)
		printf("  no rule of the SigningTable names it\n");
}

static bool
read_source(struct import *import, const struct opendkim_key *source,
	    struct signing_key *key, struct text *pem, struct why *why)
{
	struct arena *arena = import->keys->arena;
	struct private_key *private_key;

	if (text_has(source->domain, '%'))
		return why_set(why, "it signs for any domain, which a "
				    "directory cannot say");
	if (!domain_parse(arena, source->domain, &key->file.domain, why) ||
	    !key_selector_parse(arena, source->selector, key->file.domain,
				&key->file.selector, why) ||
	    !file_read(arena, text_string(arena, source->file),
		       LIMIT_KEY_FILE_BYTES, pem, why))
		return false;
	private_key = private_key_read(arena, *pem, why);
	crypto_wipe((void *)(uintptr_t)pem->at, pem->len);
	if (private_key == NULL)
		return false;
	*pem = private_key_pem(arena, private_key);
	key->type = private_key_type(private_key);
	key->bits = private_key_bits(private_key);
	key->public_bytes = private_key_public(arena, private_key);
	key->file.state = KEY_ACTIVE;
	key->file.since_s = import->keys->now_s;
	return true;
}

/* A key that signs must be in the DNS. */
static bool
is_in_dns(struct keys *keys, const struct signing_key *key, struct why *why)
{
	struct key_dns_answer dns = keys_ask_all(keys, key);

	switch (dns.found) {
	case KEY_DNS_SAME:
		return true;
	case KEY_DNS_MISSING:
		break;
	case KEY_DNS_REVOKED:
		why_set(&dns.why, "the DNS says that it is revoked");
		break;
	case KEY_DNS_OTHER:
		why_prefix(&dns.why, "the DNS has another record there");
		break;
	case KEY_DNS_COULD_NOT_ASK:
		why_prefix(&dns.why, "the DNS could not be asked");
		break;
	case KEY_DNS_NOT_ASKED:
		break;
	}
	return keys->arguments.force ||
	       why_set(why, "%.400s; --force imports it all the same",
		       dns.why.text);
}

static bool
write_key(struct keys *keys, struct signing_key *key, struct text pem,
	  const struct opendkim_key *source, struct why *why)
{
	struct signing_key *first, *there;

	if (!keys_enter(keys, key->file.domain, true, &first))
		return why_set(why, "the directory cannot be used");
	there = keys_find(first, key->file.selector);
	if (there != NULL &&
	    text_equal(there->public_bytes, key->public_bytes)) {
		printf("  is here already, %s\n",
		       key_state_name(there->file.state));
		return true;
	}
	if (there != NULL)
		return why_set(why, "there is another key of that name here");
	if (!key_store_write(keys->lock, &keys->store, &key->file, pem, why))
		return false;
	printf("  imported, active\n");
	return keys_record(keys, key,
			   arena_printf(keys->arena, "imported from " TEXT_FMT,
					TEXT_ARG(source->file)),
			   true) ||
	       why_set(why, "the database refuses it");
}

static void
import_key(struct import *import, const struct opendkim_key *source)
{
	struct keys *keys = import->keys;
	struct signing_key key = {0};
	struct text pem = {0};
	struct why why;
	bool fine;

	printf(TEXT_FMT ": selector " TEXT_FMT ", " TEXT_FMT "\n",
	       TEXT_ARG(source->domain), TEXT_ARG(source->selector),
	       TEXT_ARG(source->file));
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

bool
keys_import(struct keys *keys)
{
	struct import import = {.keys = keys};
	struct opendkim_key *first;
	struct text text;
	struct why why;

	if (!file_read(keys->arena, keys->arguments.key_table, TABLE_BYTES_MAX,
		       &text, &why))
		return keys_trouble(keys, NULL, "%s", why.text);
	if (!opendkim_key_table_read(keys->arena, text, &first, &why))
		return keys_trouble(keys, NULL, "%s: %s",
				    keys->arguments.key_table, why.text);
	if (!file_read(keys->arena, keys->arguments.signing_table,
		       TABLE_BYTES_MAX, &text, &why))
		return keys_trouble(keys, NULL, "%s", why.text);
	if (!opendkim_signing_table_read(keys->arena, text, &import.rules,
					 &why))
		return keys_trouble(keys, NULL, "%s: %s",
				    keys->arguments.signing_table, why.text);
	for (; first != NULL; first = first->next)
		import_key(&import, first);
	if (!keys->arguments.write)
		printf("Nothing was changed; --write imports these keys.\n");
	return !import.failed;
}
