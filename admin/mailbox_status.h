/* mailbox_status.h - what `signet status` says of events and training */
#ifndef ADMIN_MAILBOX_STATUS_H
#define ADMIN_MAILBOX_STATUS_H

#include <stdbool.h>

struct arena;
struct pg;
struct why;

/* What waits in the spool of signet-mailbox, if there is one on this host and
 * the caller may look into it. */
void mailbox_status_spool(struct arena *arena, const char *config,
			  void (*trouble)(const char *sentence));

/* Prints a line, unless nothing was ever learned.  False if the database
 * refuses or is away. */
bool mailbox_status_show(struct pg *pg, struct arena *arena, struct why *why);

#endif
