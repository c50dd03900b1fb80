/* Record data as a server sends it. */
#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "io/dns_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = {DNS_A,   DNS_NS,	 DNS_CNAME,
					      DNS_SOA, DNS_PTR,	 DNS_MX,
					      DNS_TXT, DNS_AAAA, DNS_TLSA};
	struct text text = text_of((const char *)data, size);
	char name[DNS_WIRE_NAME_BYTES];
	struct arena *arena = arena_new();
	struct dns_record record;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!dns_wire_record(arena, types[i], text, &record))
			continue;
		assert(record.name.len <= LIMIT_DOMAIN_BYTES);
		assert(!text_has(record.name, '\0'));
		assert(record.text.len <= size);
	}
	dns_wire_escape(text, name);
	assert(strlen(name) < sizeof(name));
	arena_free(arena);
	return 0;
}
