/* key_directory.h - DIRECTORY/DOMAIN/SELECTOR.pem */
#ifndef MILTER_KEY_DIRECTORY_H
#define MILTER_KEY_DIRECTORY_H

#include <stdbool.h>

struct arena;
struct key_store;
struct why;

/* Fills store->keys, at most LIMIT_SIGN_KEYS.  Names that begin with a dot
 * and files that do not end in ".pem" are passed over; a directory whose name
 * is no domain is an error, and so is one that others may write to.  No
 * directory: no keys. */
bool key_directory_load(struct arena *arena, const char *directory,
			struct key_store *store, struct why *why);

#endif
