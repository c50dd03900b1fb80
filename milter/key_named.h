/* key_named.h - the keys that OpenDKIM's KeyTable names */
#ifndef MILTER_KEY_NAMED_H
#define MILTER_KEY_NAMED_H

#include <stdbool.h>

#include "base/domain.h"
#include "base/text.h"

struct arena;
struct key_store;
struct signing_key;
struct why;

/* Reads the key of each entry of store->key_table.  A file name with '%' is
 * read for each domain that has such a file now.  The reason begins with the
 * number of the line. */
bool key_named_load(struct arena *arena, struct key_store *store,
		    struct why *why);

/* The key of that name for mail of `author`; NULL if there is none. */
struct signing_key *key_named_find(const struct key_store *store,
				   struct text name, struct domain author);

#endif
