#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "mailauth/message.h"
#include "mailauth/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever comes in: lines of printable ASCII, none too long, each a field or
 * its continuation. */
static void
check_lines(struct text text)
{
	size_t i, line = 0;

	for (i = 0; i < text.len; i++) {
		if (text.at[i] == '\r') {
			assert(i + 1 < text.len && text.at[i + 1] == '\n');
			continue;
		}
		if (text.at[i] == '\n') {
			assert(i > 0 && text.at[i - 1] == '\r' && line > 0);
			line = 0;
			continue;
		}
		assert(text.at[i] >= ' ' && text.at[i] < 0x7f);
		assert(++line <= 998);
	}
	assert(line == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct text key = TEXT("key");
	struct message message;
	struct buf to;

	message_init(&message, arena);
	message_parse(&message, text_of((const char *)data, size));
	buf_init(&to, arena, LIMIT_REDACTED_BYTES);
	redact_header(arena, key, &message, LIMIT_REDACTED_BYTES, &to);
	assert(buf_ok(&to));
	check_lines(buf_view(&to));
	redact_address(arena, key, text_of((const char *)data, size));
	arena_free(arena);
	return 0;
}
