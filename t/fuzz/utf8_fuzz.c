#include <assert.h>

#include "base/arena.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses where to cut. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	size_t most = size > 0 ? data[0] : 0, i;
	struct text text, shown;

	text = text_of((const char *)data + (size > 0), size - (size > 0));
	shown = utf8_for_log(arena, text, most);
	assert(utf8_is_valid(shown));
	assert(shown.len <= most + 3);
	for (i = 0; i < shown.len; i++)
		assert((unsigned char)shown.at[i] >= ' ' &&
		       shown.at[i] != 0x7f);
	utf8_is_plain_label(text);
	arena_free(arena);
	return 0;
}
