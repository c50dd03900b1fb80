#include "unit.h"

#include <string.h>

#include "base/buf.h"
#include "mailtls/tls_incoming.h"

#define S INT64_C(1000000)

struct world {
	struct arena *arena;
	struct tls_incoming *incoming;
	struct tls_incoming_counts counts;
	uint64_t position;
};

static bool
line(struct world *world, const char *text)
{
	char *whole = arena_printf(world->arena, "2026-11-22T%s", text);
	struct postfix_log log;

	if (!postfix_log_parse(world->arena, text_from(whole), &log))
		return false;
	return tls_incoming_line(world->incoming, &log,
				 postfix_log_unix_us(&log.time, 0, 0),
				 ++world->position, &world->counts);
}

static struct world
begin(struct arena *arena)
{
	struct world world = {.arena = arena,
			      .incoming = tls_incoming_new(arena)};

	return world;
}

static uint64_t
count_of(const struct tls_incoming_counts *counts, const char *reason)
{
	for (size_t i = 0; i < counts->reason_count; i++)
		if (strcmp(counts->reasons[i].name, reason) == 0)
			return counts->reasons[i].count;
	return 0;
}

#define FAILED(pid, why)                                                       \
	"12:00:00Z h postfix/smtpd[" pid "]: SSL_accept error from "           \
	"x[192.0.2.1]: " why
#define DONE(at)                                                               \
	at " h postfix/smtpd[9]: Anonymous TLS connection established from "   \
	   "x[192.0.2.1]: TLSv1.3 with cipher X (256/256 bits)"

static void
failures_by_reason(void **state)
{
	struct world world = begin(*state);

	assert_true(tls_incoming_oldest(world.incoming) == UINT64_MAX);
	line(&world, "12:00:00Z h postfix/smtpd[1]: connect from x[192.0.2.1]");
	line(&world, FAILED("1", "lost connection"));
	line(&world, FAILED("1", "-1"));
	line(&world, "12:00:00Z h postfix/smtpd[2]: connect from x[192.0.2.2]");
	line(&world, "12:00:00Z h postfix/smtpd[1]: warning: TLS library "
		     "problem: error:0A0000C1:SSL routines::no shared "
		     "cipher:../ssl/statem/statem_srvr.c:2226:");
	line(&world, FAILED("2", "-1"));
	line(&world, "12:00:01Z h postfix/smtpd[2]: disconnect from "
		     "x[192.0.2.2]");
	line(&world, FAILED("3", "-1"));
	assert_false(line(&world, DONE("12:09:59Z")));
	assert_int_equal(tls_incoming_oldest(world.incoming), 2);
	assert_true(line(&world, DONE("12:10:00Z")));
	assert_int_equal(world.counts.handshakes, 5);
	assert_int_equal(
	    count_of(&world.counts, "connection-closed-during-handshake"), 1);
	assert_int_equal(count_of(&world.counts, "no-shared-cipher"), 1);
	assert_int_equal(count_of(&world.counts, "unknown"), 2);
	assert_int_equal(world.counts.reason_count, 3);
	assert_int_equal(world.counts.at_s % TLS_INCOMING_S, 0);
	/* the line that ended it is of the next */
	assert_int_equal(tls_incoming_oldest(world.incoming), 10);
}

static void
a_silent_log(void **state)
{
	struct world world = begin(*state);
	int64_t noon_s = 1795348800;

	line(&world, DONE("12:00:00Z"));
	assert_false(
	    tls_incoming_idle(world.incoming, noon_s + 899, &world.counts));
	assert_true(
	    tls_incoming_idle(world.incoming, noon_s + 900, &world.counts));
	assert_int_equal(world.counts.at_s, noon_s);
	assert_int_equal(world.counts.handshakes, 1);
	assert_false(
	    tls_incoming_idle(world.incoming, noon_s + 10000, &world.counts));
	/* late: with the next period, whose id nobody has used */
	assert_false(line(&world, DONE("12:00:01Z")));
	assert_true(
	    tls_incoming_idle(world.incoming, noon_s + 10000, &world.counts));
	assert_int_equal(world.counts.at_s, noon_s + 600);
}

static void
reasons_are_bounded(void **state)
{
	struct world world = begin(*state);
	struct postfix_log log = {.kind = POSTFIX_LOG_ACCEPT_FAILED,
				  .program = TEXT("smtpd"),
				  .pid = 1};

	for (unsigned i = 0; i < 100; i++) {
		log.reason = text_from(arena_printf(*state, "reason-%u", i));
		tls_incoming_line(world.incoming, &log, 0, i, &world.counts);
	}
	assert_true(tls_incoming_idle(world.incoming, 100000, &world.counts));
	assert_int_equal(world.counts.reason_count, TLS_INCOMING_REASONS);
	assert_int_equal(count_of(&world.counts, "reason-0"), 1);
	assert_int_equal(count_of(&world.counts, "other"), 69);
}

static void
the_event(void **state)
{
	struct tls_incoming_counts counts = {.at_s = 1795348800,
					     .handshakes = 7,
					     .reasons = {{"unknown", 2}},
					     .reason_count = 1};
	struct buf a, b;

	buf_init(&a, *state, 10000);
	buf_init(&b, *state, 10000);
	tls_incoming_write(*state, &counts, TEXT("h"), "p", &a);
	assert_non_null(strstr(
	    buf_cstring(&a),
	    "\"at\":\"2026-11-22T12:00:00.000Z\",\"host\":\"h\",\"program\":"
	    "\"p\",\"seconds\":600,\"handshakes\":7,\"failed\":2,\"reasons\":"
	    "{\"unknown\":2}}"));
	tls_incoming_write(*state, &counts, TEXT("h"), "p", &b);
	assert_text(buf_view(&a), buf_cstring(&b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(failures_by_reason),
	    cmocka_unit_test(a_silent_log),
	    cmocka_unit_test(reasons_are_bounded),
	    cmocka_unit_test(the_event),
	};

	return cmocka_run_group_tests(tests, unit_arena_new, unit_arena_free);
}
