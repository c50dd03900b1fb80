#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "mailauth/dkim_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct dkim_signature signature = {.key_type = CRYPTO_RSA,
					   .hash = CRYPTO_SHA256};
	struct public_key *public;
	struct dkim_key key;

	if (dkim_key_parse(arena, text_of((const char *)data, size), &key,
			   NULL)) {
		if (dkim_key_allows(&key, &signature, false, NULL))
			assert(key.type == CRYPTO_RSA && key.sha256 &&
			       key.email && key.data.len > 0);
		if (dkim_key_allows(&key, &signature, true, NULL))
			assert(key.type == CRYPTO_RSA && key.sha256 &&
			       key.data.len > 0);
		public = dkim_key_public(arena, &key, NULL, NULL);
		if (public != NULL)
			assert(public_key_type(public) == key.type &&
			       public_key_bits(public) <= LIMIT_RSA_BITS_MAX);
	}
	arena_free(arena);
	return 0;
}
