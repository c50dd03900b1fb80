/* key_store.h - all that says who signs with what, read at start and reload
 *
 * Keys of the directory (DIRECTORY/DOMAIN/SELECTOR.pem), the rules, and
 * OpenDKIM's two tables with the keys they name.  Constant once loaded but
 * for what the DNS said about each key.
 */
#ifndef MILTER_KEY_STORE_H
#define MILTER_KEY_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/domain.h"
#include "base/private_key.h"
#include "milter/key_table.h"
#include "milter/sign_options.h"
#include "milter/sign_rules.h"
#include "milter/signing_table.h"

struct arena;
struct why;

/* What the DNS said when it was last asked. */
enum key_dns {
	KEY_DNS_UNKNOWN = 0, /* not asked yet, or no answer so far */
	KEY_DNS_GOOD,	     /* it carries the key */
	KEY_DNS_MISSING,     /* no record, or revoked */
	KEY_DNS_OTHER	     /* records, and none with this key */
};

struct signing_key {
	struct domain domain; /* not set: that of the author */
	struct text selector;
	const struct private_key *key;
	struct text public_half; /* what p= carries, raw */
	const char *path;	 /* or where it stands, for people */
	int dns;		 /* enum key_dns; atomic */
};

/* A KeyTable entry with its key; one for each domain if the file has '%'. */
struct named_key {
	const struct key_entry *entry;
	struct signing_key *key;
	struct domain author; /* whose '%' it is; not set: of all */
	struct named_key *next;
};

struct key_store {
	struct signing_key **keys; /* of the directory, sorted */
	size_t count;
	struct sign_rules rules;
	bool has_tables;
	struct key_table key_table;
	struct signing_table signing_table;
	struct named_key *named;
	struct signing_key **all; /* of both kinds, for the DNS check */
	size_t all_count;
};

/* `directory` may be missing.  All lies in the arena.  False with file, line
 * and remedy for whatever cannot be used: a file that others can read, a rule
 * for a domain without a key, a table line that names no key. */
bool key_store_load(struct arena *arena, const char *directory,
		    const struct sign_options *options, struct key_store *store,
		    struct why *why);

/* Keys of the directory for one domain: RSA first, then by selector. */
size_t key_store_find(const struct key_store *store, struct domain domain,
		      struct signing_key *const **keys);

/* Takes over what is known of the same keys in an older store. */
void key_store_inherit(struct key_store *store, const struct key_store *older);

enum key_dns signing_key_dns(const struct signing_key *key);
void signing_key_set_dns(struct signing_key *key, enum key_dns dns);

#endif
