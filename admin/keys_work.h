/* keys_work.h - what the commands of `signet keys` work with
 *
 * The files are what counts (key_files.h).  The database is asked before a
 * step, to learn what other hosts did, and told after it; where it is away
 * the step is done all the same, and that is said once.
 */
#ifndef ADMIN_KEYS_WORK_H
#define ADMIN_KEYS_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/key_check.h"
#include "admin/key_record.h"
#include "admin/key_files.h"
#include "io/config_common.h"
#include "io/config_keys.h"

struct keys_resolvers;

/* Steps that --now lets happen without their waiting time. */
#define KEYS_NOW_NEW 1u
#define KEYS_NOW_ACTIVATE 2u
#define KEYS_NOW_REVOKE 4u
#define KEYS_NOW_DELETE 8u

struct keys_arguments {
	const char *config;
	const char *domain, *selector; /* NULL: not given */
	const char *reason;	       /* --why */
	enum crypto_key_type type;     /* 0: not given */
	unsigned bits;		       /* 0: not given */
	unsigned now;
	bool all, force, follow, write;
	const char *key_table, *signing_table;
};

/* A key with its public half. */
struct kept_key {
	struct key_file file;
	enum crypto_key_type type;
	unsigned bits;
	struct text public_bytes;
	bool stuck; /* told: nothing is done with it in this run */
	struct kept_key *next;
};

struct keys {
	struct arena *arena;
	struct config_common common;
	struct config_keys settings;
	struct key_files store;
	struct keys_arguments arguments;
	struct domain domain; /* set if one was given */
	struct text selector;
	struct pg *pg;		 /* NULL: [keys] record = no */
	bool away;		 /* the database; it has been said */
	struct key_known *known; /* what it knows of the domain in work */
	struct keys_resolvers *resolvers;
	int64_t now_s;
	const char *actor;
	int lock;	   /* of the domain in work; -1: none */
	bool signer_noted; /* keys_signer.h */
	bool unreadable;   /* files of the domain in work */
	bool could_not_ask;
};

bool keys_open(struct keys *keys, const struct keys_arguments *arguments,
	       struct why *why);
void keys_close(struct keys *keys);

/* A line for the administrator; `key` may be NULL.  Troubles go to standard
 * error and return false. */
void keys_say(const struct keys *keys, const struct kept_key *key,
	      const char *format, ...) __attribute__((format(printf, 3, 4)));
bool keys_trouble(const struct keys *keys, const struct kept_key *key,
		  const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The keys of the domain in work, or of all; false if some could not be read,
 * which has been told and leaves them out. */
bool keys_load(struct keys *keys, struct kept_key **first);
struct kept_key *keys_find(struct kept_key *first, struct text selector);

/* Begins the work on one domain: lock, files, and what the database knows,
 * which learns what it missed.  keys_leave ends it. */
bool keys_enter(struct keys *keys, struct domain domain, bool make,
		struct kept_key **first);
void keys_leave(struct keys *keys);

/* Tells the database the state of a key.  False if it refuses, which has been
 * told; true also if it is away. */
bool keys_record(struct keys *keys, struct kept_key *key, const char *reason,
		 bool catch_up);

/* What the DNS says of the key: the validating resolver, and then each of
 * [keys] servers until one says something else, which is told in `why`. */
struct key_check keys_ask(struct keys *keys, const struct kept_key *key);
struct key_check keys_ask_all(struct keys *keys, const struct kept_key *key);

/* The key record, or the one that revokes the key. */
struct text keys_record_text(struct keys *keys, const struct kept_key *key,
			     bool revoked);
/* The same as a line for the zone. */
struct text keys_zone_line(struct keys *keys, const struct kept_key *key,
			   bool revoked);

/* "12 d", "3 h", "5 min", "10 s" */
const char *keys_time_text(struct keys *keys, int64_t seconds);

#endif
