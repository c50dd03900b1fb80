/* tls_status.h - what `signet status` says of TLS sessions */
#ifndef ADMIN_TLS_STATUS_H
#define ADMIN_TLS_STATUS_H

#include <stdbool.h>

struct arena;
struct pg;
struct why;

/* Prints a line, unless there was no session in 24 hours.  False if the
 * database refuses or is away. */
bool tls_status_show(struct pg *pg, struct arena *arena, struct why *why);

#endif
