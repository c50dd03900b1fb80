/* config_keys.h - section [keys]: where keys lie, how they come and go
 *
 * signet-sign reads the directory, `signet keys` looks after it.
 */
#ifndef IO_CONFIG_KEYS_H
#define IO_CONFIG_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/config.h"

struct arena;
struct why;

enum config_keys_publish {
	KEYS_PUBLISH_NONE, /* a person does */
	KEYS_PUBLISH_NSUPDATE,
	KEYS_PUBLISH_HOOK
};

/* Bits of config_keys.types. */
#define KEYS_TYPE_RSA 1u
#define KEYS_TYPE_ED25519 2u

struct config_keys {
	const char *directory; /* DIRECTORY/DOMAIN/SELECTOR.pem */
	const char *group;     /* that may read the files */
	unsigned types;	       /* that rotation makes */
	uint64_t bits;	       /* of RSA */
	bool record;	       /* keep the history in the database */
	/* life of a key, in seconds */
	uint64_t lifetime_s; /* active, until its successor is made; 0: ever */
	uint64_t settle_s;   /* in the DNS before it signs */
	uint64_t retire_s;   /* in the DNS after it last signed */
	uint64_t revoke_s;   /* with an empty p= */
	uint64_t overdue_s;  /* beyond these before `signet status` complains */
	/* publishing */
	int publish; /* enum config_keys_publish */
	uint64_t ttl_s;
	uint64_t publish_timeout_s;
	const char *nsupdate;	       /* program */
	const char *nsupdate_server;   /* ADDR or ADDR@PORT; NULL: nsupdate
					  finds it */
	const char *nsupdate_zone;     /* NULL: nsupdate finds it */
	const char *nsupdate_key;      /* file with a TSIG key; NULL: none */
	const char *hook;	       /* program */
	struct config_strings reload;  /* program and its arguments */
	struct config_strings servers; /* further ones that must carry a key
					  before it signs: ADDR or ADDR@PORT */
};

extern const struct config_option config_keys_table[];

bool config_keys_fill(struct arena *arena, struct config_source *source,
		      struct config_keys *keys, struct why *why);

#endif
