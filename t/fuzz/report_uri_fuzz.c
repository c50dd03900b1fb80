#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "mailauth/report_uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct report_uri uri;
	size_t i;

	if (size > LIMIT_DMARC_RECORD_BYTES)
		size = LIMIT_DMARC_RECORD_BYTES;
	report_uri_parse(arena, text_of((const char *)data, size), &uri);
	assert((uri.kind == REPORT_URI_BROKEN) == (uri.reason != NULL));
	if (uri.kind == REPORT_URI_MAILTO) {
		assert(domain_is_set(uri.host));
		assert(text_find(uri.address, '@') ==
		       text_find_last(uri.address, '@'));
		/* it stands in an SMTP command and in a header field */
		for (i = 0; i < uri.address.len; i++)
			assert(uri.address.at[i] > 0x20 &&
			       uri.address.at[i] < 0x7f &&
			       strchr("<>,;:\\\"()[]", uri.address.at[i]) ==
				   NULL);
	} else {
		assert(uri.address.len == 0);
	}
	arena_free(arena);
	return 0;
}
