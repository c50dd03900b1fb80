#include <assert.h>

#include "base/arena.h"
#include "base/zone_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is written reads back the same, and so does what could be read. */
static void
there_and_back(struct arena *arena, struct text text)
{
	struct text again;
	struct buf buf;

	buf_init(&buf, arena, 1u << 22);
	zone_text_write(&buf, text);
	assert(buf_ok(&buf));
	assert(zone_text_read(arena, buf_view(&buf), &again, NULL));
	assert(text_equal(text, again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size), read;
	struct arena *arena = arena_new();

	there_and_back(arena, text);
	if (zone_text_read(arena, text, &read, NULL))
		there_and_back(arena, read);
	arena_free(arena);
	return 0;
}
