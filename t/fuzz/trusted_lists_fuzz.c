#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "judge/trusted_lists.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct trusted_lists lists, again;
	struct why why;
	struct buf to;
	size_t i;

	if (trusted_lists_parse(arena, text_of((const char *)data, size),
				&lists, &why)) {
		for (i = 0; i < lists.count; i++)
			assert(trusted_lists_find(&lists, lists.values[i].id,
						  lists.values[i].domain) !=
			       NULL);
		buf_init(&to, arena, LIMIT_TRUSTED_LISTS_BYTES);
		trusted_lists_write(&lists, &to);
		assert(trusted_lists_parse(arena, buf_view(&to), &again, &why));
		assert(again.count == lists.count);
	}
	arena_free(arena);
	return 0;
}
