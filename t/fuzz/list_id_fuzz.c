#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "judge/list_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct text id, again;
	struct domain domain;
	struct why why;

	if (list_id_parse(arena, text_of((const char *)data, size), &id,
			  &why)) {
		assert(id.len > 2 && id.len <= LIMIT_LIST_ID_BYTES);
		/* what was read reads as itself */
		assert(list_id_parse(arena, id, &again, &why));
		assert(text_equal(id, again));
		if (domain_parse(arena, id, &domain, NULL) &&
		    text_equal(domain.name, id))
			assert(list_id_is_within(id, domain));
	}
	arena_free(arena);
	return 0;
}
