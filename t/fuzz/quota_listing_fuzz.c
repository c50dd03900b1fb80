/* A list of doveadm, whatever it says: what was taken can be stored. */
#include <assert.h>

#include "admin/quota_listing.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "base/why.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text lines = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct quota_columns columns;
	struct quota_line line;
	struct why why;
	size_t end = text_find(lines, '\n');

	if (quota_columns_parse(text_first(lines, end), &columns, &why))
		while (end < lines.len) {
			lines = text_skip(lines, end + 1);
			end = text_find(lines, '\n');
			if (!quota_line_parse(arena, text_first(lines, end),
					      &columns, &line, &why))
				continue;
			assert(line.type != QUOTA_TYPE_NONE);
			assert(line.value <= INT64_MAX / 1024);
			assert(line.limit <= INT64_MAX / 1024);
			assert(utf8_is_valid(line.account));
			assert(utf8_is_valid(line.root));
		}
	arena_free(arena);
	return 0;
}
