/* A PEM file: what is taken for a key signs so that its public half agrees,
 * and reads back from what is written. */
#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/private_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct text digest = TEXT_INIT("0123456789abcdef0123456789abcdef");

static bool
verifies(struct arena *arena, const struct private_key *key,
	 struct text signature)
{
	struct text public = private_key_public(arena, key);

	if (private_key_type(key) == CRYPTO_RSA)
		return public_key_verify_rsa(
		    public_key_rsa(arena, public, NULL), CRYPTO_SHA256, digest,
		    signature);
	return public_key_verify_ed25519(
	    public_key_ed25519(arena, public, NULL), digest, signature);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct private_key *key, *again;
	struct text signature;

	key = private_key_read(arena, text_of((const char *)data, size), NULL);
	if (key != NULL) {
		assert(private_key_bits(key) <= LIMIT_RSA_BITS_MAX);
		assert(private_key_sign(arena, key, digest, &signature, NULL));
		assert(verifies(arena, key, signature));
		again =
		    private_key_read(arena, private_key_pem(arena, key), NULL);
		assert(again != NULL);
		assert(text_equal(private_key_public(arena, key),
				  private_key_public(arena, again)));
	}
	arena_free(arena);
	return 0;
}
