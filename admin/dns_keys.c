#include "admin/dns_keys.h"

#include "admin/key_record.h"
#include "admin/key_files.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/limits.h"
#include "base/private_key.h"
#include "base/why.h"
#include "io/file.h"
#include "io/pg.h"

#define CALL_MS 5000

/* Secret numbers live in an arena of their own, which ends at once. */
static bool
read_public(struct arena *arena, const char *path, struct dns_key *key,
	    struct why *why)
{
	struct arena *secret = arena_new();
	struct private_key *private = NULL;
	struct text pem;

	if (file_read(secret, path, LIMIT_KEY_FILE_BYTES, &pem, why)) {
		private = private_key_read(secret, pem, why);
		if (private != NULL) {
			key->type = private_key_type(private);
			key->bits = private_key_bits(private);
			key->public_bytes = text_copy(
			    arena, private_key_public(secret, private));
		} else {
			why_prefix(why, "%s", path);
		}
		crypto_wipe((void *)(uintptr_t)pem.at, pem.len);
	}
	arena_free(secret);
	return private != NULL;
}

static int
by_selector(const void *a, const void *b)
{
	const struct dns_key *one = a, *other = b;

	return text_compare(one->selector, other->selector);
}

/* Keys that are gone need no record. */
static bool
is_to_publish(enum key_state state)
{
	return state >= KEY_MADE && state <= KEY_REVOKED;
}

static void
keep(struct dns_settings *settings, struct dns_key *list, size_t count)
{
	qsort(list, count, sizeof(*list), by_selector);
	settings->signing_keys = list;
	settings->key_count = count;
}

void
dns_keys_read(struct arena *arena, struct dns_settings *settings)
{
	struct key_files store = {.directory = settings->keys.directory,
				  .group = settings->keys.group};
	struct key_file *first = NULL, *file;
	struct dns_key *list;
	struct why why;
	size_t count = 0;

	if (!key_files_list(arena, &store, settings->domain, &first, &why)) {
		settings->keys_trouble = arena_printf(arena, "%s", why.text);
		return;
	}
	for (file = first; file != NULL; file = file->next)
		count++;
	list = arena_new_array(arena, struct dns_key, count);
	count = 0;
	for (file = first; file != NULL; file = file->next) {
		if (!is_to_publish(file->state))
			continue;
		list[count].selector = file->selector;
		list[count].state = file->state;
		if (read_public(arena, key_files_path(arena, &store, file),
				&list[count], &why))
			count++;
		else
			settings->keys_trouble =
			    arena_printf(arena, "%s", why.text);
	}
	keep(settings, list, count);
}

static bool
has(const struct dns_settings *settings, struct text selector)
{
	size_t i;

	for (i = 0; i < settings->key_count; i++)
		if (text_equal(settings->signing_keys[i].selector, selector))
			return true;
	return false;
}

static void
add_known(struct arena *arena, struct dns_settings *settings,
	  const struct key_known *known)
{
	const struct key_known *one;
	struct dns_key *list;
	size_t count = settings->key_count;

	for (one = known; one != NULL; one = one->next)
		count++;
	list = arena_new_array(arena, struct dns_key, count);
	for (count = 0; count < settings->key_count; count++)
		list[count] = settings->signing_keys[count];
	for (one = known; one != NULL; one = one->next) {
		if (!is_to_publish(one->state) ||
		    has(settings, one->selector) ||
		    !base64_decode(arena, one->public_key,
				   &list[count].public_bytes))
			continue;
		list[count].selector = one->selector;
		list[count].state = one->state;
		list[count].type = one->type;
		list[count++].bits = one->bits;
	}
	keep(settings, list, count);
}

bool
dns_keys_add_known(struct arena *arena, struct dns_settings *settings,
		   struct why *why)
{
	struct pg_options options = {.conninfo = settings->common.conninfo,
				     .program = "signet-dns",
				     .call_ms = CALL_MS,
				     .pause_most_ms = 1000};
	struct pg *pg = pg_open(&options);
	struct key_known *known = NULL;
	bool ok = key_record_list(pg, arena, settings->domain, &known, why) ==
		  KEY_RECORD_DONE;

	pg_close(pg);
	if (ok)
		add_known(arena, settings, known);
	return ok;
}
