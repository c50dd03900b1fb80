/* A header: whom our milter verified, and what rules see.  What is seen is
 * UTF-8 without controls, of addresses and domains that parse. */
#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "dovecot-plugin/rule_header.h"
#include "dovecot-plugin/verified.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct domain domains[VERIFIED_DOMAINS_MOST];
	struct verified verified;
	struct message header;
	struct rule_message seen;
	size_t count, i;

	message_init(&header, arena);
	message_parse(&header, text_of((const char *)data, size));
	verified_read(arena, &header, TEXT("mx.site.test"), &verified);
	count = verified_domains(&verified, domains);
	assert(count <= VERIFIED_DOMAINS_MOST);
	assert(verified.found || count == 0);
	for (i = 1; i < count; i++)
		assert(domain_is_set(domains[i]) &&
		       !domain_equal(domains[i], domains[i - 1]));
	rule_header_read(arena, &header, &verified, &seen);
	arena_free(arena);
	return 0;
}
