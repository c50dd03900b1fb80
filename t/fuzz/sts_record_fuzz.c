#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mailtls/sts_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct sts_record record, again;
	struct buf to;

	if (sts_record_parse(text, &record, NULL)) {
		assert(sts_record_is(text));
		buf_init(&to, arena, 1000);
		assert(sts_record_write(&to, &record));
		assert(sts_record_parse(buf_view(&to), &again, NULL));
		assert(text_equal(record.id, again.id));
	}
	arena_free(arena);
	return 0;
}
