/* A mail log, as smtpd(8) writes it: what is counted was there. */
#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"
#include "mailtls/tls_incoming.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct arena *arena, const struct tls_incoming_counts *counts,
      uint64_t lines)
{
	uint64_t all = counts->handshakes;
	struct buf to;
	size_t i;

	assert(counts->reason_count <= TLS_INCOMING_REASONS);
	for (i = 0; i < counts->reason_count; i++) {
		assert(memchr(counts->reasons[i].name, '\0',
			      TLS_INCOMING_REASON_BYTES) != NULL);
		all += counts->reasons[i].count;
	}
	assert(all <= 2 * lines);
	buf_init(&to, arena, LIMIT_EVENT_BYTES);
	tls_incoming_write(arena, counts, TEXT("mx.site.test"), "fuzz", &to);
	assert(buf_ok(&to) && !text_has(buf_view(&to), '\n'));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct tls_incoming *incoming = tls_incoming_new(arena);
	struct tls_incoming_counts counts;
	struct postfix_log log;
	uint64_t lines = 0;
	struct scan in;

	scan_init(&in, text_of((const char *)data, size));
	while (!scan_at_end(&in)) {
		struct text line = scan_until(&in, '\n');

		lines++;
		if (postfix_log_parse(arena, line, &log) &&
		    tls_incoming_line(incoming, &log,
				      postfix_log_unix_us(&log.time, 0, 0),
				      lines, &counts))
			check(arena, &counts, lines);
	}
	if (tls_incoming_idle(incoming, INT64_MAX / 1000000, &counts))
		check(arena, &counts, lines);
	arena_free(arena);
	return 0;
}
