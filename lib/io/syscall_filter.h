/* syscall_filter.h - a process gives up system calls (seccomp(2))
 *
 * A call that is forbidden fails with EPERM, so that a library that tries it
 * goes on.  One in the manner of another architecture, x32 among them, ends
 * the process.
 */
#ifndef IO_SYSCALL_FILTER_H
#define IO_SYSCALL_FILTER_H

#include <stdbool.h>
#include <stddef.h>

struct why;

#define SYSCALL_FILTER_MOST 64

/* Forbids the calls (SYS_execve ...), SYSCALL_FILTER_MOST of them at most, for
 * the calling thread and all that it starts from now on; cannot be undone, and
 * what was forbidden before stays so.  New privileges are given up with them.
 * Does nothing more where the kernel has no filters, and nothing at all on an
 * architecture that we do not know. */
bool syscall_filter_forbid(const int *calls, size_t count, struct why *why);

#endif
