#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mailtls/tlsa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct certificate none = {0};
	struct tlsa tlsa;
	struct buf to;

	if (tlsa_parse(text, &tlsa, NULL)) {
		assert(tlsa.data.len + 3 == size);
		buf_init(&to, arena, 2 * size + 100);
		tlsa_write(&to, &tlsa);
		assert(buf_ok(&to) && buf_view(&to).len >= 2 * (size - 3) + 6);
		assert(!tlsa_match(&tlsa, &none, 0));
		assert(!tlsa_is_usable(&tlsa, NULL) || tlsa.usage > 1);
		assert(!tlsa_match(&tlsa, &none, 1));
	}
	arena_free(arena);
	return 0;
}
