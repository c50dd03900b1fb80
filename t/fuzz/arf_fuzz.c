#include <stdint.h>

#include "base/arena.h"
#include "mailauth/arf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct arf_report report;

	arf_read(arena, text_of((const char *)data, size), &report, NULL);
	arena_free(arena);
	return 0;
}
