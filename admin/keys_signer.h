/* keys_signer.h - signet-sign learns that the keys it signs with have changed
 *
 * It reads the directory at its start and reload.  [keys] reload is what makes
 * it read anew, run once at the end of a command.  A mark in the directory
 * stands from before the change until that has worked: after kill -9, or a
 * failure, the next command does it.
 */
#ifndef ADMIN_KEYS_SIGNER_H
#define ADMIN_KEYS_SIGNER_H

#include <stdbool.h>

struct keys;

/* Before a key begins or ceases to be active. */
void keys_signer_note(struct keys *keys);

/* At the end of a command: what was noted is done, now or by the person who
 * is told.  False, told, if it failed. */
bool keys_signer_reload(struct keys *keys);

#endif
