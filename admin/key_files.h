/* key_files.h - the directory of signing keys
 *
 * DIRECTORY/DOMAIN/SELECTOR.pem is an active key, which signet-sign signs
 * with; keys in other states lie beside it as SELECTOR.pem.made, .published,
 * .retired and .revoked.  So the directory alone tells how things stand.  The
 * time of the file is when it came into its state.  What is left of a deleted
 * key is an empty file SELECTOR.pem.deleted, so that its selector is not used
 * again.
 *
 * Files are written whole under another name, synced, and linked to theirs;
 * a state changes by one rename.  After kill -9 a key is in the state before
 * or after, and never in both.  Directories have mode 0750 and files 0640;
 * root gives them to the group.
 */
#ifndef ADMIN_KEY_FILES_H
#define ADMIN_KEY_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/key_state.h"
#include "base/domain.h"

struct arena;
struct why;

struct key_files {
	const char *directory;
	const char *group;
};

struct key_file {
	struct domain domain;
	struct text selector;
	enum key_state state;
	int64_t since_s; /* seconds since 1970 */
	struct key_file *next;
};

/* A selector is one or more labels (RFC 6376 section 3.1), written as a
 * domain is. */
bool key_selector_parse(struct arena *arena, struct text text,
			struct domain domain, struct text *selector,
			struct why *why);

/* The path of a key's file. */
const char *key_files_path(struct arena *arena, const struct key_files *store,
			   const struct key_file *key);

/* The keys of one domain, or of all if it is not set, by domain and
 * selector.  A directory that is not there holds none.  A selector in two
 * states is an error. */
bool key_files_list(struct arena *arena, const struct key_files *store,
		    struct domain domain, struct key_file **first,
		    struct why *why);

/* Keeps other runs away from a domain until key_files_unlock; waits for half
 * a minute.  Makes the domain's directory with `make`; without it, a
 * directory that is not there is an error.  The handle, or -1. */
int key_files_lock(const struct key_files *store, struct domain domain,
		   bool make, struct why *why);
void key_files_unlock(int lock);

/* Writes a new key in the state `key->state`; one that is there under that
 * name is never overwritten. */
bool key_files_write(int lock, const struct key_files *store,
		     const struct key_file *key, struct text pem,
		     struct why *why);

/* Changes the state of a key: the file and `key`. */
bool key_files_move(int lock, struct key_file *key, enum key_state to,
		    int64_t now_s, struct why *why);
/* Is or was there a key of this name? */
bool key_files_has(int lock, struct text selector);

/* The bytes of the key are lost. */
bool key_files_remove(int lock, const struct key_file *key, struct why *why);

#endif
