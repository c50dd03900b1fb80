/* reports_status.h - what `signet status` says of reports, sent and received */
#ifndef ADMIN_REPORTS_STATUS_H
#define ADMIN_REPORTS_STATUS_H

#include <stdbool.h>

struct arena;
struct pg;
struct why;

/* Prints a line, unless there is nothing to tell.  `wrong` is called with a
 * sentence when reports are not sent, or others' could not be read.  False if
 * the database refuses or is away. */
bool reports_status_show(struct pg *pg, struct arena *arena,
			 void (*wrong)(const char *sentence), struct why *why);

#endif
