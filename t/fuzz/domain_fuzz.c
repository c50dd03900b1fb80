#include <assert.h>

#include "base/arena.h"
#include "base/domain.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct domain domain, again;

	if (domain_parse(arena, text_of((const char *)data, size), &domain,
			 NULL)) {
		assert(domain.name.len <= LIMIT_DOMAIN_BYTES);
		assert(domain_parse(arena, domain.name, &again, NULL));
		assert(domain_equal(domain, again));
		assert(domain_equal(
		    domain_last_labels(domain, domain_labels(domain)), domain));
		domain_is_idna(arena, domain);
		if (domain_parse(arena, domain_for_people(arena, domain),
				 &again, NULL))
			assert(domain_equal(domain, again));
	}
	arena_free(arena);
	return 0;
}
