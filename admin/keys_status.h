/* keys_status.h - what `signet status` says of signing keys */
#ifndef ADMIN_KEYS_STATUS_H
#define ADMIN_KEYS_STATUS_H

#include <stdbool.h>

struct arena;
struct config_keys;
struct pg;
struct why;

/* Prints a line, unless there are no keys in the database.  `late` is called
 * with a sentence for each key whose next step is overdue ([keys] overdue).
 * False if the database refuses or is away. */
bool keys_status_show(struct pg *pg, struct arena *arena,
		      const struct config_keys *settings,
		      void (*late)(const char *sentence), struct why *why);

#endif
