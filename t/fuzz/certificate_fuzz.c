#include <assert.h>

#include "base/arena.h"
#include "base/certificate.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	const struct certificate *chain;
	struct certificate one;
	struct domain host;
	size_t count;

	assert(domain_parse(arena, TEXT("mx.example.org"), &host, NULL));
	if (certificate_parse(arena, text, &one, NULL)) {
		assert(one.key_sha256.len == 32 && one.sha512.len == 64);
		assert(one.name_count <= LIMIT_CERTIFICATE_NAMES);
		certificate_covers(&one, host);
	}
	if (certificate_parse_pem(arena, text, &chain, &count, NULL))
		assert(count > 0 && count <= LIMIT_CERTIFICATES);
	arena_free(arena);
	return 0;
}
