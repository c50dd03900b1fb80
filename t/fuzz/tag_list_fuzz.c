#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/tag_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	const struct tag *tag;
	struct tag_list list;
	size_t count = 0;

	if (tag_list_parse(arena, text, &list, NULL)) {
		for (tag = list.first; tag != NULL; tag = tag->next) {
			assert(tag->name.at >= text.at &&
			       tag->whole.at + tag->whole.len <=
				   text.at + text.len);
			assert(tag->value.len <= tag->whole.len);
			count++;
		}
		assert(count == list.count && count > 0 && count <= LIMIT_TAGS);
	}
	arena_free(arena);
	return 0;
}
