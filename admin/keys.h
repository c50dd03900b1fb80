/* keys.h - `signet keys`: signing keys from making to deleting
 *
 * Each command is a function that takes what keys_work.h prepared and returns
 * false for a reason that it has told.
 */
#ifndef ADMIN_KEYS_H
#define ADMIN_KEYS_H

#include <stdbool.h>

struct keys;

/* Exit status: 0 done, or waiting as it should; 1 something is wrong; 2 usage
 * or configuration; 3 (test) the DNS could not be asked. */
int keys_main(int argc, char **argv);

/* keys_show.c: change nothing */
bool keys_list(struct keys *keys);
bool keys_test(struct keys *keys);
bool keys_zone(struct keys *keys);
/* keys_change.c: one step that somebody asked for */
bool keys_new(struct keys *keys);
bool keys_publish(struct keys *keys);
bool keys_activate(struct keys *keys);
bool keys_retire(struct keys *keys);
bool keys_revoke(struct keys *keys);
bool keys_delete(struct keys *keys);
/* keys_rotate.c: the steps that are due */
bool keys_rotate(struct keys *keys);
/* keys_sync.c: the database learns what the files say */
bool keys_sync(struct keys *keys);
/* keys_import.c */
bool keys_import(struct keys *keys);

#endif
