#include <assert.h>

#include "admin/queue_envelope.h"
#include "base/arena.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct queue_envelope envelope;

	if (queue_envelope_read(arena, text, &envelope, NULL))
		assert(envelope.count > 0 &&
		       envelope.count <= LIMIT_QUEUE_RECIPIENTS);
	arena_free(arena);
	return 0;
}
