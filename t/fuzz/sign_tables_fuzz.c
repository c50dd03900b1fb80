/* The tables of signet-sign: the first byte chooses one, the first line is
 * the address that is looked up, the rest is the file. */
#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/scan.h"
#include "milter/key_table.h"
#include "milter/sender_table.h"
#include "milter/sign_rules.h"
#include "milter/signing_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct question {
	struct text user, host;
};

static void
try_keys(struct arena *arena, struct text contents)
{
	const struct key_entry *entry;
	struct key_table table;
	size_t count = 0;

	if (!key_table_parse(arena, contents, &table, NULL))
		return;
	for (entry = table.first; entry != NULL; entry = entry->next) {
		assert(entry->selector.len > 0 && entry->key.len > 0);
		assert(key_table_find(&table, entry->name) != NULL);
		count++;
	}
	assert(count == table.count);
}

static void
try_signing(struct arena *arena, struct text contents, bool is_refile,
	    const struct question *who)
{
	const struct signing_entry *found[LIMIT_SIGNATURES], *first;
	struct signing_table table;
	size_t count;

	if (!signing_table_parse(arena, contents, is_refile, &table, NULL))
		return;
	count = signing_table_match(&table, arena, who->user, who->host, true,
				    found, LIMIT_SIGNATURES);
	assert(count <= LIMIT_SIGNATURES && count <= table.count);
	first = count > 0 ? found[0] : NULL;
	assert(signing_table_match(&table, arena, who->user, who->host, false,
				   found, 1) == (count > 0));
	assert(count == 0 || found[0] == first);
}

static void
try_rules(struct arena *arena, struct text contents, const struct question *who)
{
	struct sign_rules rules;

	if (sign_rules_parse(arena, contents, &rules, NULL))
		sign_rules_match(&rules, arena, who->user, who->host,
				 who->user);
}

static void
try_senders(struct arena *arena, struct text contents,
	    const struct question *who)
{
	struct sender_question question = {
	    .user = who->user,
	    .host = who->host,
	    .login = who->user,
	    .own_host = who->host,
	    .delimiters = TEXT("+"),
	};
	const struct sender_entry *entry;
	struct sender_table table;

	if (!sender_table_parse(arena, contents, &table, NULL))
		return;
	entry = sender_table_find(&table, arena, &question);
	assert(entry == NULL ||
	       (entry >= table.entries && entry < table.entries + table.count));
	if (entry != NULL)
		sender_entry_has(entry, question.login);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena;
	struct question who;
	struct text address, contents;
	struct scan in;

	if (size == 0 || size > 20000)
		return 0;
	arena = arena_new();
	scan_init(&in, text_of((const char *)data + 1, size - 1));
	address = text_first(scan_until(&in, '\n'), LIMIT_ADDRESS_BYTES);
	who.user = text_first(address, text_find_last(address, '@'));
	who.host = text_skip(address, text_find_last(address, '@') + 1);
	contents = scan_rest(&in);
	switch (data[0] % 5) {
	case 0:
		try_keys(arena, contents);
		break;
	case 1:
		try_signing(arena, contents, true, &who);
		break;
	case 2:
		try_signing(arena, contents, false, &who);
		break;
	case 3:
		try_rules(arena, contents, &who);
		break;
	default:
		try_senders(arena, contents, &who);
		break;
	}
	arena_free(arena);
	return 0;
}
