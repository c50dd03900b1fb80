#include <assert.h>

#include "base/arena.h"
#include "mailtls/postfix_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct postfix_log *log)
{
	int64_t now_s = 1795351540, us;

	assert(postfix_log_kind_name(log->kind) != NULL);
	if (log->time.month == 0)
		return;
	us = postfix_log_unix_us(&log->time, now_s, 0);
	if (log->time.year == 0)
		assert(us / 1000000 <= now_s + 86401);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct postfix_log log;

	if (postfix_log_parse(arena, text, &log))
		assert(log.program.len > 0);
	check(&log);
	if (postfix_log_parse_json(arena, text, &log))
		assert(log.program.len > 0);
	check(&log);
	arena_free(arena);
	return 0;
}
