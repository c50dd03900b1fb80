#include <assert.h>

#include "base/arena.h"
#include "io/https_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct https_target target, again;

	if (https_target_parse(arena, text_of((const char *)data, size), 443,
			       &target, NULL)) {
		char *url =
		    arena_printf(arena, "https://" TEXT_FMT ":%u" TEXT_FMT,
				 TEXT_ARG(target.host.name), target.port,
				 TEXT_ARG(text_first(target.path, 1000)));

		assert(target.port > 0 && target.path.at[0] == '/');
		assert(
		    https_target_parse(arena, text_from(url), 1, &again, NULL));
		assert(domain_equal(again.host, target.host) &&
		       again.port == target.port);
	}
	arena_free(arena);
	return 0;
}
