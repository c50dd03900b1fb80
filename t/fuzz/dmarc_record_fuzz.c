#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "mailauth/dmarc_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct dmarc_record record;

	if (dmarc_record_parse(arena, text, &record, NULL)) {
		assert(dmarc_record_is(text));
		assert(record.applies == (record.p != DMARC_POLICY_UNSET));
		assert(!record.acts_as_none || record.rua != NULL);
		assert(record.fo.len > 0);
	} else {
		assert(!dmarc_record_is(text) ||
		       text.len > LIMIT_DMARC_RECORD_BYTES);
	}
	arena_free(arena);
	return 0;
}
