#include <assert.h>
#include <inttypes.h>

#include "base/arena.h"
#include "base/buf.h"
#include "postfix-policy/sts_stored.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The line as it is, and with the right sum before it. */
static void
read_line(struct arena *arena, struct text line)
{
	struct sts_stored stored, again;
	struct sts_policy policy;
	struct buf to;

	if (!sts_stored_parse(arena, line, &stored, NULL))
		return;
	if (!stored.gone &&
	    !sts_stored_check(arena, &stored, 1800000000, &policy, NULL))
		return;
	buf_init(&to, arena, STS_STORED_LINE_BYTES + 100);
	sts_stored_write(&to, &stored);
	assert(buf_ok(&to));
	assert(sts_stored_parse(arena, text_first(buf_view(&to), to.len - 1),
				&again, NULL));
	assert(domain_equal(stored.domain, again.domain));
	assert(stored.gone == again.gone);
	assert(text_equal(stored.file, again.file));
	assert(text_equal(stored.id, again.id));
	assert(stored.checked_s == again.checked_s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	uint64_t sum = 0xcbf29ce484222325u;
	struct buf line;
	size_t i;

	read_line(arena, text_of((const char *)data, size));
	for (i = 0; i < size; i++)
		sum = (sum ^ data[i]) * 0x100000001b3u;
	buf_init(&line, arena, size + 100);
	buf_printf(&line, "%016" PRIx64 "\t", sum);
	buf_text(&line, text_of((const char *)data, size));
	read_line(arena, buf_view(&line));
	arena_free(arena);
	return 0;
}
