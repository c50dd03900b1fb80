#include "milter/key_directory.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/log.h"
#include "milter/key_file.h"
#include "milter/key_store.h"

#define ENDING ".pem"

struct reader {
	struct arena *arena;
	struct signing_key **keys; /* on the heap while it grows */
	size_t count, room;
	struct why *why;
};

static bool
check_directory(const char *path, struct why *why)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return why_set(why, "cannot look at %s: %s", path,
			       strerror(errno));
	if ((status.st_mode & 0002) != 0)
		return why_set(why,
			       "%s has mode %04o: others can put keys there; "
			       "type: chmod o-w %s",
			       path, (unsigned)(status.st_mode & 07777), path);
	return status.st_uid == 0 || status.st_uid == geteuid() ||
	       geteuid() == 0 ||
	       why_set(why,
		       "%s belongs to user %u, who can put keys there; type: "
		       "chown root %s",
		       path, (unsigned)status.st_uid, path);
}

static void
keep(struct reader *reader, struct signing_key *key)
{
	if (reader->count == reader->room) {
		reader->room = reader->room * 2 + 16;
		reader->keys =
		    xrealloc(reader->keys, reader->room, sizeof(*reader->keys));
	}
	reader->keys[reader->count++] = key;
}

static bool
read_key(struct reader *reader, struct domain domain, const char *path,
	 struct text selector)
{
	struct signing_key *key =
	    arena_new_value(reader->arena, struct signing_key);

	if (reader->count == LIMIT_SIGN_KEYS)
		return why_set(reader->why, "%s: more than %d keys", path,
			       LIMIT_SIGN_KEYS);
	key->domain = domain;
	key->selector = text_copy(reader->arena, selector);
	key->path = path;
	key->key = key_file_read(reader->arena, path, reader->why);
	if (key->key == NULL)
		return false;
	key->public_half = private_key_public(reader->arena, key->key);
	if (private_key_type(key->key) == CRYPTO_RSA &&
	    private_key_bits(key->key) < LIMIT_RSA_BITS_SIGN)
		log_warning("%s has %u bits, and some receivers do not take "
			    "less than %d",
			    path, private_key_bits(key->key),
			    LIMIT_RSA_BITS_SIGN);
	keep(reader, key);
	return true;
}

static bool
read_domain(struct reader *reader, const char *path, struct domain domain)
{
	struct dirent *entry;
	struct text name;
	bool fine = true;
	DIR *stream;

	if (!check_directory(path, reader->why))
		return false;
	stream = opendir(path);
	if (stream == NULL)
		return why_set(reader->why, "cannot open %s: %s", path,
			       strerror(errno));
	while (fine && (entry = readdir(stream)) != NULL) {
		name = text_from(entry->d_name);
		if (name.at[0] == '.' || name.len <= strlen(ENDING) ||
		    !text_ends_nocase(name, TEXT(ENDING)))
			continue;
		fine = read_key(
		    reader, domain,
		    arena_printf(reader->arena, "%s/%s", path, entry->d_name),
		    text_first(name, name.len - strlen(ENDING)));
	}
	closedir(stream);
	return fine;
}

static bool
read_entry(struct reader *reader, const char *directory, const char *name)
{
	const char *path =
	    arena_printf(reader->arena, "%s/%s", directory, name);
	struct domain domain;
	struct stat status;

	if (name[0] == '.' || stat(path, &status) != 0 ||
	    !S_ISDIR(status.st_mode))
		return true;
	if (!domain_parse(reader->arena, text_from(name), &domain, NULL))
		return why_set(reader->why,
			       "%s: the name is no domain; keys lie in "
			       "%s/DOMAIN/SELECTOR.pem",
			       path, directory);
	return read_domain(reader, path, domain);
}

/* RSA first: what every verifier knows stands topmost in a message. */
static int
by_name(const void *a, const void *b)
{
	const struct signing_key *x = *(struct signing_key *const *)a;
	const struct signing_key *y = *(struct signing_key *const *)b;
	int order = text_compare(x->domain.name, y->domain.name);

	if (order == 0)
		order = (int)private_key_type(x->key) -
			(int)private_key_type(y->key);
	return order != 0 ? order : text_compare(x->selector, y->selector);
}

static bool
read_all(struct reader *reader, const char *directory)
{
	struct dirent *entry;
	bool fine = true;
	DIR *stream = opendir(directory);

	if (stream == NULL && errno == ENOENT)
		return true;
	if (stream == NULL)
		return why_set(reader->why, "cannot open %s: %s", directory,
			       strerror(errno));
	fine = check_directory(directory, reader->why);
	while (fine && (entry = readdir(stream)) != NULL)
		fine = read_entry(reader, directory, entry->d_name);
	closedir(stream);
	return fine;
}

bool
key_directory_load(struct arena *arena, const char *directory,
		   struct key_store *store, struct why *why)
{
	struct reader reader = {.arena = arena, .why = why};
	bool fine = read_all(&reader, directory);

	if (reader.count > 0)
		qsort(reader.keys, reader.count, sizeof(*reader.keys), by_name);
	if (reader.keys != NULL)
		arena_defer(arena, free, reader.keys);
	store->keys = reader.keys;
	store->count = reader.count;
	return fine;
}
