#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "mailauth/verp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What reads as a token is what we would write. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text local = text_of((const char *)data, size), key;
	struct arena *arena = arena_new();
	struct verp_token token;

	key = TEXT("0123456789abcdef0123456789abcdef");
	if (verp_read(key, local, &token))
		assert(text_equal_nocase(
		    verp_make(arena, key, token.kind, token.id),
		    text_skip(local, local.len - VERP_TOKEN_CHARS)));
	arena_free(arena);
	return 0;
}
