/* What is reduced is no longer than it was but for the added member, and
 * reducing it again changes nothing. */
#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "sql/event_reduce.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct buf once, twice;

	buf_init(&once, arena, 1 << 20);
	buf_init(&twice, arena, 1 << 20);
	if (size < 1 << 19 && event_reduce(text_of((const char *)data, size),
					   &once) == REDUCE_SMALLER) {
		assert(buf_view(&once).len <=
		       size + sizeof(",\"ledger\":false"));
		assert(event_reduce(buf_view(&once), &twice) == REDUCE_AS_IS);
	}
	arena_free(arena);
	return 0;
}
