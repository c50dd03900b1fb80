/* arena.h - memory with one lifetime
 *
 * What is allocated from an arena ends together, with arena_reset or
 * arena_free.  Handles of other libraries join with arena_defer.  An arena
 * belongs to one thread at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);

/* Ends all that was allocated or deferred (last first) and the arena.
 * NULL is allowed. */
void arena_free(struct arena *arena);

/* The same, but keeps the arena and its first chunk for the next use. */
void arena_reset(struct arena *arena);

/* Cleared memory for any type.  The process ends above LIMIT_ARENA_BYTES:
 * input is bounded before it comes here. */
void *arena_alloc(struct arena *arena, size_t bytes)
    __attribute__((returns_nonnull));
void *arena_copy(struct arena *arena, const void *from, size_t bytes)
    __attribute__((returns_nonnull));

/* Memory that is not cleared and aligned for bytes only. */
char *arena_bytes(struct arena *arena, size_t bytes)
    __attribute__((returns_nonnull));

/* Grows the newest allocation of bytes in place if it can; else copies. */
char *arena_grow_bytes(struct arena *arena, char *old, size_t old_bytes,
		       size_t new_bytes) __attribute__((returns_nonnull));

/* Formatted text with a terminating zero. */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));

/* Calls end(handle) when the arena is reset or freed. */
void arena_defer(struct arena *arena, void (*end)(void *handle),
		 void *handle);

/* Bytes held from the system now: for tests and metrics. */
size_t arena_held(const struct arena *arena);

#define arena_new_array(arena, type, count)                                    \
	((type *)arena_alloc((arena), sizeof(type) * (size_t)(count)))
#define arena_new_value(arena, type)                                           \
	((type *)arena_alloc((arena), sizeof(type)))

#endif
