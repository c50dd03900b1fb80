#include "base/arena.h"
#include "base/scan.h"
#include "mailtls/tls_join.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
on_result(void *data, const struct tls_result *result,
	  const char id[UUID_STRING_BYTES], int64_t at_us)
{
	(void)data;
	(void)id;
	(void)at_us;
	if (result->policies == NULL || result->recipient_domain.len == 0)
		__builtin_trap();
}

static void
on_requiretls(void *data, struct text domain, bool offered, int64_t at_us)
{
	(void)data;
	(void)offered;
	(void)at_us;
	if (domain.len == 0)
		__builtin_trap();
}

static void
on_look(void *data, const struct tls_answer *answer,
	const struct tls_join_look *look)
{
	(void)data;
	(void)look;
	if (answer->mode == TLS_ANSWER_NO_STS)
		__builtin_trap();
}

static void
on_unresolved(void *data, struct text domain, int64_t at_us)
{
	(void)data;
	(void)domain;
	(void)at_us;
}

/* Lines; those that begin with '{' are answers. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tls_join_options options = {.is_indirect = false};
	static const struct tls_join_calls calls = {
	    on_result, on_requiretls, on_look, on_unresolved, NULL};
	struct arena *arena = arena_new();
	struct tls_join *join = tls_join_new(arena, &options, &calls);
	uint64_t position = 0;
	struct scan in;

	scan_init(&in, text_of((const char *)data, size));
	while (!scan_at_end(&in)) {
		struct text line = scan_until(&in, '\n');
		struct postfix_log log;
		struct tls_answer answer;
		int64_t at_us;

		if (text_starts(line, TEXT("{")) &&
		    tls_answer_parse(arena, line, &answer, NULL)) {
			tls_join_answer(join, &answer);
		} else if (postfix_log_parse(arena, line, &log)) {
			at_us = postfix_log_unix_us(&log.time, 1795351540, 0);
			tls_join_line(join, &log, at_us, ++position);
			tls_join_expire(join, at_us);
		}
	}
	if (tls_join_oldest(join) < 1)
		__builtin_trap();
	arena_free(arena);
	return 0;
}
