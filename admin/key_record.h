/* key_record.h - what the database keeps of signing keys, for all hosts
 *
 * The files are what counts; the database records who did what, when, where
 * and why.  So each step changes the file first and is recorded then, and
 * what could not be recorded is caught up later (`signet keys sync`).
 */
#ifndef ADMIN_KEY_RECORD_H
#define ADMIN_KEY_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/key_state.h"
#include "base/crypto.h"
#include "base/domain.h"

struct arena;
struct pg;
struct why;

enum key_record_status {
	KEY_RECORD_NOT_ASKED,
	KEY_RECORD_DONE,
	KEY_RECORD_REFUSED, /* another key, or a step that cannot be */
	KEY_RECORD_AWAY	    /* the database could not be asked */
};

struct key_change {
	struct domain domain;
	struct text selector;
	enum crypto_key_type type;
	unsigned bits;
	struct text public_bytes; /* empty: the key is known there */
	enum key_state state;
	int64_t since_s;
	const char *host, *actor, *why;
	bool catch_up; /* states in between may be missing */
};

enum key_record_status key_record_change(struct pg *pg, struct arena *arena,
					 const struct key_change *change,
					 struct why *why);

struct key_known {
	struct domain domain;
	struct text selector, host;
	struct text public_key; /* as p= carries it */
	enum crypto_key_type type;
	unsigned bits;
	enum key_state state;
	int64_t since_s, made_s;
	struct key_known *next;
};

/* All keys that ever were of one domain, or of all if it is not set. */
enum key_record_status key_record_list(struct pg *pg, struct arena *arena,
				       struct domain domain,
				       struct key_known **first,
				       struct why *why);

/* "rsa", "ed25519" */
const char *key_type_name(enum crypto_key_type type);
/* 0 for any other word. */
enum crypto_key_type key_type_of(struct text name);

#endif
