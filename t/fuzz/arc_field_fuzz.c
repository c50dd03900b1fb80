/* The first byte chooses among the three fields of a set. */
#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "mailauth/arc_field.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct text names[] = {
	    TEXT_INIT("ARC-Authentication-Results"),
	    TEXT_INIT("ARC-Message-Signature"), TEXT_INIT("ARC-Seal")};
	struct header_field field;
	struct arena *arena;
	struct arc_field parsed;

	if (size == 0)
		return 0;
	arena = arena_new();
	field = (struct header_field){
	    .name = names[data[0] % 3],
	    .value = text_of((const char *)data + 1, size - 1)};
	if (arc_field_parse(arena, &field, &parsed, NULL)) {
		assert(parsed.kind == arc_kind_of(&field));
		assert(parsed.instance > 0 &&
		       parsed.instance <= LIMIT_ARC_SETS);
		assert(parsed.kind != ARC_SEAL || parsed.cv != 0);
		assert(parsed.results.len < size);
	}
	arena_free(arena);
	return 0;
}
