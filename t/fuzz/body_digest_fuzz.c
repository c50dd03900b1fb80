/* The first byte says how the body is cut into chunks; both canonical forms
 * must be those of the byte-by-byte reference, however it is cut. */
#include <assert.h>

#include "base/arena.h"
#include "mailauth/body_digest.h"
#include "t/unit/dkim_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct arena *arena, const struct body_digests *digests, unsigned number,
      struct text canonical, uint64_t hashed)
{
	unsigned char want[CRYPTO_HASH_BYTES_MAX];
	struct digest *digest = digest_new(arena, CRYPTO_SHA256);
	struct text got;
	uint64_t bytes;

	digest_update(digest, text_first(canonical, (size_t)hashed));
	digest_finish(digest, want);
	got = body_digests_get(digests, number, &bytes);
	assert(text_equal(got, text_of((char *)want, 32)));
	assert(bytes == canonical.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text body = text_of((const char *)data, size), rest;
	struct arena *arena = arena_new();
	struct body_digests *digests = body_digests_new(arena);
	size_t chunk = 1, length;
	unsigned numbers[3];

	if (size > 0) {
		chunk = 1 + data[0] % 64;
		body = text_skip(body, 1);
	}
	length = body.len / 2;
	numbers[0] =
	    body_digests_want(digests, DKIM_SIMPLE, CRYPTO_SHA256, BODY_WHOLE);
	numbers[1] =
	    body_digests_want(digests, DKIM_RELAXED, CRYPTO_SHA256, BODY_WHOLE);
	numbers[2] =
	    body_digests_want(digests, DKIM_RELAXED, CRYPTO_SHA256, length);
	for (rest = body; rest.len > 0; rest = text_skip(rest, chunk))
		assert(body_digests_update(digests, text_first(rest, chunk)));
	body_digests_finish(digests);
	check(arena, digests, numbers[0], reference_body(arena, false, body),
	      UINT32_MAX);
	check(arena, digests, numbers[1], reference_body(arena, true, body),
	      UINT32_MAX);
	check(arena, digests, numbers[2], reference_body(arena, true, body),
	      length);
	arena_free(arena);
	return 0;
}
