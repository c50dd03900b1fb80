/* key_state.h - the life of a signing key
 *
 *	made --> published --> active <--> retired --> revoked --> deleted
 *
 * A key that is made or published may be deleted before it ever signed, and
 * one that is published or active may be revoked at once.  The same table
 * stands in sql/functions-keys.sql, for all hosts; here it works without the
 * database.
 */
#ifndef ADMIN_KEY_STATE_H
#define ADMIN_KEY_STATE_H

#include <stdbool.h>

#include "base/text.h"

struct why;

enum key_state {
	KEY_NO_STATE,
	KEY_MADE,      /* lies in the directory, not yet in the DNS */
	KEY_PUBLISHED, /* was put into the DNS, does not sign yet */
	KEY_ACTIVE,    /* signs */
	KEY_RETIRED,   /* in the DNS for mail that is on its way */
	KEY_REVOKED,   /* in the DNS with an empty p= */
	KEY_DELETED    /* gone */
};

/* "made" ... */
const char *key_state_name(enum key_state state);
/* KEY_NO_STATE for any other word. */
enum key_state key_state_of(struct text name);

/* The name of the key's file behind the selector: ".pem" for an active key,
 * ".pem.made" ... for others. */
const char *key_state_suffix(enum key_state state);

/* May a key go from here to there? */
bool key_state_may(enum key_state from, enum key_state to, struct why *why);

#endif
