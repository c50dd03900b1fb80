#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/xalloc.h"

#define ALIGN _Alignof(max_align_t)
/* Each connection of the milters has three arenas, two of which hold little:
 * the first chunk is what an arena takes at least.  The others are a quarter of
 * all before them, so that at most a fifth lies idle. */
#define FIRST_CHUNK 128
#define SECOND_CHUNK 256
#define LAST_CHUNK 65536

struct chunk {
	struct chunk *older;
	size_t size, used;
	_Alignas(max_align_t) char bytes[];
};

struct deferred {
	struct deferred *older;
	void (*end)(void *handle);
	void *handle;
};

struct arena {
	struct chunk *newest;
	struct deferred *deferred;
	size_t held;
};

static struct chunk *
add_chunk(struct arena *arena, size_t at_least)
{
	size_t size = FIRST_CHUNK;
	struct chunk *chunk;

	if (arena->newest != NULL)
		size = SECOND_CHUNK;
	if (size < arena->held / 4)
		size = arena->held / 4;
	if (size > LAST_CHUNK)
		size = LAST_CHUNK;
	if (size < at_least)
		size = at_least;
	assert(arena->held + size <= LIMIT_ARENA_BYTES);
	chunk = xrealloc(NULL, 1, sizeof(*chunk) + size);
	chunk->older = arena->newest;
	chunk->size = size;
	chunk->used = 0;
	arena->newest = chunk;
	arena->held += size;
	return chunk;
}

struct arena *
arena_new(void)
{
	return xcalloc(1, sizeof(struct arena));
}

static void
run_deferred(struct arena *arena)
{
	struct deferred *one;

	while ((one = arena->deferred) != NULL) {
		arena->deferred = one->older;
		one->end(one->handle);
	}
}

void
arena_reset(struct arena *arena)
{
	struct chunk *chunk;

	run_deferred(arena);
	while ((chunk = arena->newest) != NULL) {
		if (chunk->older == NULL && chunk->size == FIRST_CHUNK) {
			chunk->used = 0;
			break;
		}
		arena->newest = chunk->older;
		arena->held -= chunk->size;
		free(chunk);
	}
}

void
arena_free(struct arena *arena)
{
	struct chunk *chunk;

	if (arena == NULL)
		return;
	run_deferred(arena);
	while ((chunk = arena->newest) != NULL) {
		arena->newest = chunk->older;
		free(chunk);
	}
	free(arena);
}

static char *
take(struct arena *arena, size_t bytes, size_t align)
{
	struct chunk *chunk = arena->newest;
	size_t at;

	assert(bytes <= LIMIT_ARENA_BYTES);
	if (chunk != NULL) {
		at = (chunk->used + align - 1) & ~(align - 1);
		if (at <= chunk->size && bytes <= chunk->size - at) {
			chunk->used = at + bytes;
			return chunk->bytes + at;
		}
	}
	chunk = add_chunk(arena, bytes);
	chunk->used = bytes;
	return chunk->bytes;
}

void *
arena_alloc(struct arena *arena, size_t bytes)
{
	return memset(take(arena, bytes, ALIGN), 0, bytes);
}

void *
arena_copy(struct arena *arena, const void *from, size_t bytes)
{
	char *to = take(arena, bytes, ALIGN);

	if (bytes > 0)
		memcpy(to, from, bytes);
	return to;
}

char *
arena_bytes(struct arena *arena, size_t bytes)
{
	return take(arena, bytes, 1);
}

char *
arena_grow_bytes(struct arena *arena, char *old, size_t old_bytes,
		 size_t new_bytes)
{
	struct chunk *chunk = arena->newest;
	char *grown;

	assert(new_bytes >= old_bytes);
	if (chunk != NULL && old != NULL &&
	    old + old_bytes == chunk->bytes + chunk->used &&
	    new_bytes - old_bytes <= chunk->size - chunk->used) {
		chunk->used += new_bytes - old_bytes;
		return old;
	}
	grown = take(arena, new_bytes, 1);
	if (old_bytes > 0)
		memcpy(grown, old, old_bytes);
	return grown;
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(length >= 0);
	text = arena_bytes(arena, (size_t)length + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}

void
arena_defer(struct arena *arena, void (*end)(void *handle), void *handle)
{
	struct deferred *one = arena_alloc(arena, sizeof(*one));

	one->end = end;
	one->handle = handle;
	one->older = arena->deferred;
	arena->deferred = one;
}

size_t
arena_held(const struct arena *arena)
{
	return arena->held;
}
