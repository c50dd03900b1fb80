/* A key as it lies in p=, and what it says of a signature nobody made. */
#include <assert.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "base/der.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct text digest = TEXT_INIT("0123456789abcdef0123456789abcdef");

static void
check_rsa(struct arena *arena, const struct public_key *key)
{
	size_t bytes = (public_key_bits(key) + 7) / 8;
	char *signature = arena_bytes(arena, bytes);

	assert(public_key_bits(key) <= LIMIT_RSA_BITS_MAX);
	memset(signature, 0x5a, bytes);
	signature[0] = 0;
	assert(!public_key_verify_rsa(key, CRYPTO_SHA256, digest,
				      text_of(signature, bytes)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text der = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct der_rsa_key numbers;
	struct public_key *key;

	if (der_read_rsa_key(der, &numbers, NULL)) {
		assert(numbers.modulus.at > der.at);
		assert(numbers.exponent.at + numbers.exponent.len ==
		       der.at + der.len);
		assert(numbers.modulus.len == 0 || numbers.modulus.at[0] != 0);
	}
	key = public_key_rsa(arena, der, NULL);
	if (key != NULL)
		check_rsa(arena, key);
	public_key_ed25519(arena, der, NULL);
	arena_free(arena);
	return 0;
}
