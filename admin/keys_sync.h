/* keys_sync.h - the database learns what the files say
 *
 * Before each command, so that a run that was killed, or done while the
 * database was away, is made good by the next.
 */
#ifndef ADMIN_KEYS_SYNC_H
#define ADMIN_KEYS_SYNC_H

struct keys;
struct kept_key;

/* Records what the database does not know of the domain in work, and loads
 * keys->known.  A key that it knows otherwise is told and becomes stuck. */
void keys_catch_up(struct keys *keys, struct kept_key *first);

/* Says once that nothing is recorded. */
void keys_say_away(struct keys *keys, const char *reason);

#endif
