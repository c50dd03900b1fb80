#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text message = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	const struct mime_part *part;
	struct mime_parts parts;
	size_t count = 0, bytes = 0;

	if (mime_parse(arena, message, &parts, NULL)) {
		for (part = parts.first; part != NULL; part = part->next) {
			assert(part->depth >= 1 &&
			       part->depth <= LIMIT_MIME_DEPTH);
			bytes += part->bytes.len;
			count++;
		}
		assert(count == parts.count && count <= LIMIT_MIME_PARTS);
		/* each message within the message stands there again */
		assert(bytes <= (LIMIT_MIME_DEPTH + 1) * (size + 1000));
	}
	arena_free(arena);
	return 0;
}
