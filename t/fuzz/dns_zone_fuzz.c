#include <assert.h>

#include "base/arena.h"
#include "base/dns_zone.h"
#include "base/dns_zone_read.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A zone, and questions whose names stand in its first bytes. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = {DNS_A, DNS_TXT, DNS_MX,
					      DNS_CNAME};
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct dns_zone *zone = dns_zone_parse(arena, text, NULL);
	const struct dns_answer *answer;
	struct dns_zone_entry *entry;
	size_t i;

	assert(dns_zone_read(arena, text, &entry, NULL) == (zone != NULL));
	for (; zone != NULL && entry != NULL; entry = entry->next)
		assert(entry->owner.len <= LIMIT_DOMAIN_BYTES);
	for (i = 0; zone != NULL && i < 8; i++) {
		dns_wait(dns_ask(arena, dns_zone_resolver(zone),
				 text_first(text, i), types[i % 4]),
			 (struct deadline){0}, &answer);
		assert(answer->status != 0);
		assert((answer->status == DNS_FOUND) == (answer->count > 0));
	}
	arena_free(arena);
	return 0;
}
