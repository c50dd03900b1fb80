#include <assert.h>

#include "base/arena.h"
#include "mailtls/nexthop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What has a name has one that reads back to itself. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text key = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct nexthop nexthop, again;

	nexthop_parse(arena, key, &nexthop, NULL);
	assert(nexthop.kind != NEXTHOP_UNSET);
	if (nexthop.kind == NEXTHOP_DOMAIN) {
		assert(domain_is_set(nexthop.domain) && nexthop.port != 0);
		nexthop_parse(arena, nexthop.domain.name, &again, NULL);
		assert(again.kind == NEXTHOP_DOMAIN ||
		       again.kind == NEXTHOP_ADDRESS);
		assert(again.kind != NEXTHOP_DOMAIN ||
		       domain_equal(again.domain, nexthop.domain));
	}
	if (nexthop.kind == NEXTHOP_HOST)
		assert(domain_is_set(nexthop.domain));
	arena_free(arena);
	return 0;
}
