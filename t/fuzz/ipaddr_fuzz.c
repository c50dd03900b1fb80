#include <assert.h>

#include "base/arena.h"
#include "base/ipaddr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	char string[IPADDR_STRING_BYTES];
	struct ipaddr address, again;
	struct ipnet net;

	if (ipaddr_parse(text, &address)) {
		ipaddr_write(&address, string);
		assert(ipaddr_parse(text_from(string), &again));
		assert(ipaddr_equal(&address, &again));
		assert(ipaddr_reverse_name(arena, &address).len > 0);
		ipaddr_is_global(&address);
	}
	if (ipnet_parse(text, &net))
		assert(ipnet_contains(&net, &net.address));
	arena_free(arena);
	return 0;
}
