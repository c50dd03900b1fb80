#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read is written and read again: equal from then on. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct json_doubts doubts;
	struct buf first, second;
	struct json *json;

	json = json_parse(arena, text, &doubts, NULL);
	if (json != NULL) {
		buf_init(&first, arena, 16u << 20);
		json_write(json, 0, &first);
		json = json_parse(arena, buf_view(&first), &doubts, NULL);
		assert(json != NULL);
		assert(!doubts.not_utf8 && !doubts.has_mark);
		buf_init(&second, arena, 16u << 20);
		json_write(json, 0, &second);
		assert(text_equal(buf_view(&first), buf_view(&second)));
	}
	arena_free(arena);
	return 0;
}
