#include <stdint.h>

#include "base/arena.h"
#include "mailauth/dsn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct dsn dsn;

	dsn_read(arena, text_of((const char *)data, size), &dsn, NULL);
	arena_free(arena);
	return 0;
}
