/* quota_status.h - what `signet status` says of quota */
#ifndef ADMIN_QUOTA_STATUS_H
#define ADMIN_QUOTA_STATUS_H

#include <stdbool.h>

struct arena;
struct pg;
struct why;

/* Prints a line, unless nothing is known of an account.  `wrong` is called
 * with a sentence when usage is not told or not compared.  False if the
 * database refuses or is away. */
bool quota_status_show(struct pg *pg, struct arena *arena,
		       void (*wrong)(const char *sentence), struct why *why);

#endif
