/* confine.h - a program gives up what it never does
 *
 * Programs that stay run no other program, load no module, trace nobody and
 * mount nothing.  Who takes one over shall not either: a filter of system
 * calls (seccomp(2)) lets such calls fail with EPERM, with or without a
 * supervisor that has a filter of its own.  Calls in the manner of another
 * architecture end the process.
 */
#ifndef IO_CONFINE_H
#define IO_CONFINE_H

#include <stdbool.h>

struct why;

/* For the calling thread and all that it starts from now on; cannot be
 * undone.  Does nothing where the kernel has no filters, or the architecture
 * is none that we know. */
bool confine(struct why *why);

#endif
