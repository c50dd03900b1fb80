#include <assert.h>

#include "base/arena.h"
#include "base/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size), bytes, again;
	struct arena *arena = arena_new();

	if (base64_decode(arena, text, &bytes)) {
		assert(
		    base64_decode(arena, base64_encode(arena, bytes), &again));
		assert(text_equal(bytes, again));
	}
	assert(base64_decode(arena, base64_encode(arena, text), &again));
	assert(text_equal(text, again));
	arena_free(arena);
	return 0;
}
