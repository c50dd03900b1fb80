#include "admin/dns_keys.h"

#include <dirent.h>
#include <errno.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/private_key.h"
#include "base/why.h"
#include "io/file.h"

#define KEYS_MOST 1000

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

static struct text
selector_of(struct arena *arena, const char *name)
{
	struct text text = text_from(name), ending = TEXT(".pem");
	struct domain selector;

	if (!text_ends_nocase(text, ending) ||
	    !domain_parse(arena, text_first(text, text.len - ending.len),
			  &selector, NULL))
		return text_of(NULL, 0);
	return selector.name;
}

static int
by_selector(const void *a, const void *b)
{
	const struct dns_key *one = a, *other = b;

	return text_compare(one->selector, other->selector);
}

static void
read_directory(struct arena *arena, DIR *directory, const char *path,
	       struct dns_settings *settings)
{
	struct dns_key *list =
	    arena_new_array(arena, struct dns_key, KEYS_MOST);
	size_t count = 0;
	struct dirent *entry;
	struct why why;

	while (count < KEYS_MOST && (entry = readdir(directory)) != NULL) {
		list[count].selector = selector_of(arena, entry->d_name);
		if (list[count].selector.len == 0)
			continue;
		if (read_public(
			arena,
			arena_printf(arena, "%s/%s", path, entry->d_name),
			&list[count], &why))
			count++;
		else
			settings->keys_trouble =
			    arena_printf(arena, "%s", why.text);
	}
	qsort(list, count, sizeof(*list), by_selector);
	settings->signing_keys = list;
	settings->key_count = count;
}

void
dns_keys_read(struct arena *arena, struct dns_settings *settings)
{
	const char *path =
	    arena_printf(arena, "%s/" TEXT_FMT, settings->keys.directory,
			 TEXT_ARG(settings->domain.name));
	DIR *directory = opendir(path);

	if (directory == NULL) {
		if (errno != ENOENT)
			settings->keys_trouble = arena_printf(
			    arena, "cannot read %s: %s", path, strerror(errno));
		return;
	}
	read_directory(arena, directory, path, settings);
	closedir(directory);
}
