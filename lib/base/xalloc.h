/* xalloc.h - allocation that succeeds or ends the process
 *
 * For base, io and programs.  Pure code allocates from an arena.
 */
#ifndef BASE_XALLOC_H
#define BASE_XALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* Cleared memory; the caller frees it.  `count` times `size` must not
 * overflow, else the process ends. */
void *xcalloc(size_t count, size_t size) __attribute__((returns_nonnull));
void *xrealloc(void *old, size_t count, size_t size)
    __attribute__((returns_nonnull));
/* Ends the process unless `good`: what another library says of its own
 * allocation. */
void xalloc_check(bool good);
char *xstrdup(const char *string) __attribute__((returns_nonnull));

#endif
