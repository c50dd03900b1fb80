/* Attributes lie in what came; the first of a name is the one that counts. */
#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "postfix-policy/delegate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text lines = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct delegate_request request;
	size_t i;

	if (delegate_parse(arena, lines, &request)) {
		assert(request.count > 0 &&
		       request.count <= LIMIT_DELEGATE_ATTRIBUTES);
		assert(delegate_value(&request, "request").len > 0);
		for (i = 0; i < request.count; i++) {
			assert(request.attributes[i].name.len > 0);
			assert(!text_has(request.attributes[i].name, '='));
			assert(!text_has(request.attributes[i].value, '\n'));
		}
	}
	arena_free(arena);
	return 0;
}
