/* confine.h - a program gives up what it never does
 *
 * Programs that stay run no other program, load no module, trace nobody and
 * mount nothing.  Who takes one over shall not either: a filter of system
 * calls (syscall_filter.h) lets such calls fail with EPERM, with or without a
 * supervisor that has a filter of its own.
 */
#ifndef IO_CONFINE_H
#define IO_CONFINE_H

#include <stdbool.h>

struct why;

/* For the calling thread and all that it starts from now on; cannot be
 * undone. */
bool confine(struct why *why);

#endif
