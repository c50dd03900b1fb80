#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "mailtls/tlsrpt_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct tlsrpt_record record, again;
	const struct tlsrpt_uri *a, *b;
	struct buf to;

	if (tlsrpt_record_parse(arena, text, &record, NULL)) {
		assert(tlsrpt_record_is(text));
		assert(record.count > 0 && record.count <= LIMIT_TLSRPT_URIS);
		buf_init(&to, arena, size + 100);
		tlsrpt_record_write(&to, &record);
		assert(tlsrpt_record_parse(arena, buf_view(&to), &again, NULL));
		assert(again.count == record.count);
		for (a = record.rua, b = again.rua; a != NULL;
		     a = a->next, b = b->next)
			assert(text_equal(a->uri, b->uri) &&
			       a->scheme == b->scheme);
	}
	arena_free(arena);
	return 0;
}
