/* keys_steps.h - one step in the life of a key
 *
 * Each step works under the lock of the domain (keys_enter), tells what it
 * did or waits for, and may be done again after it was cut short anywhere:
 * a new key and a change of state are one rename, the DNS is asked before it
 * is changed, and the database is told last.  The order is
 *
 *	publish		DNS, file, database
 *	activate	file, database; then the one before is retired
 *	retire		file, database
 *	revoke		file (no more signatures at once), DNS, database
 *	delete		DNS, file, database
 */
#ifndef ADMIN_KEYS_STEPS_H
#define ADMIN_KEYS_STEPS_H

#include "admin/keys_work.h"

enum keys_step {
	KEYS_STEP_NOT_TRIED,
	KEYS_STEP_DONE,
	KEYS_STEP_WAITS, /* for time, for the DNS or for a person */
	KEYS_STEP_FAILED
};

/* Makes a key in the state `made` and puts it first in the list.  An empty
 * selector gives the next free one of the year: "2026a-rsa". */
enum keys_step keys_step_new(struct keys *keys, enum crypto_key_type type,
			     unsigned bits, struct text selector,
			     struct kept_key **first);

/* made: into the DNS, unless it is there. */
enum keys_step keys_step_publish(struct keys *keys, struct kept_key *key);

/* published, or retired: signs from now on, if the DNS carries it everywhere
 * and `waiting_s` have gone by since it was published. */
enum keys_step keys_step_activate(struct keys *keys, struct kept_key *key,
				  uint64_t waiting_s);

/* active: signs no more. */
enum keys_step keys_step_retire(struct keys *keys, struct kept_key *key,
				const char *reason);

/* published, active, retired: nobody shall trust it any more. */
enum keys_step keys_step_revoke(struct keys *keys, struct kept_key *key,
				const char *reason);
/* revoked: sees to it that the DNS says so. */
enum keys_step keys_step_tell_revoked(struct keys *keys, struct kept_key *key);

/* made, published, revoked: out of the DNS, and gone. */
enum keys_step keys_step_delete(struct keys *keys, struct kept_key *key,
				const char *reason);

#endif
