#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/scan.h"
#include "mailtls/tls_join.h"

/* 2026-11-22T13:00:00Z */
#define NOW_S INT64_C(1795352400)

struct world {
	struct arena *arena;
	struct tls_join *join;
	struct buf said; /* one line for each call */
	size_t read;	 /* of them, by expectations */
	uint64_t position;
	int64_t at_us; /* of the last line */
	char last_id[UUID_STRING_BYTES];
};

/* --- what comes out --- */

static void
put_policy(struct buf *to, const struct tlsrpt_policy *policy)
{
	const struct tlsrpt_failure *one = policy->failures;

	buf_printf(to, " | " TEXT_FMT " " TEXT_FMT " %s",
		   TEXT_ARG(policy->type), TEXT_ARG(policy->domain),
		   policy->successful > 0 ? "success"
		   : policy->failed > 0	  ? "failure"
					  : "told");
	for (; one != NULL; one = one->next) {
		buf_printf(to, " " TEXT_FMT, TEXT_ARG(one->result_type));
		if (one->reason_code.len > 0)
			buf_printf(to, "/" TEXT_FMT,
				   TEXT_ARG(one->reason_code));
		if (one->receiving_mx.len > 0)
			buf_printf(to, "@" TEXT_FMT,
				   TEXT_ARG(one->receiving_mx));
	}
}

static void
on_result(void *data, const struct tls_result *result,
	  const char id[UUID_STRING_BYTES], int64_t at_us)
{
	struct world *world = data;
	const struct tlsrpt_policy *one = result->policies;

	assert_true(at_us > 0);
	assert_int_equal(result->source, TLS_SOURCE_LOG);
	assert_non_null(one);
	assert_int_equal(strlen(id), UUID_STRING_BYTES - 1);
	memcpy(world->last_id, id, UUID_STRING_BYTES);
	buf_printf(&world->said, "result " TEXT_FMT "%s",
		   TEXT_ARG(result->recipient_domain),
		   result->is_report ? " report" : "");
	for (; one != NULL; one = one->next)
		put_policy(&world->said, one);
	buf_char(&world->said, '\n');
}

static void
on_requiretls(void *data, struct text domain, bool offered, int64_t at_us)
{
	struct world *world = data;

	(void)at_us;
	buf_printf(&world->said, "requiretls " TEXT_FMT " %s\n",
		   TEXT_ARG(domain), offered ? "offered" : "not-offered");
}

static void
on_look(void *data, const struct tls_answer *answer,
	const struct tls_join_look *look)
{
	struct world *world = data;

	assert_int_equal(look->port, 25);
	buf_printf(&world->said,
		   "look " TEXT_FMT " " TEXT_FMT " " TEXT_FMT "\n",
		   TEXT_ARG(answer->domain.name), TEXT_ARG(look->mx),
		   TEXT_ARG(look->address));
}

static void
on_unresolved(void *data, struct text domain, int64_t at_us)
{
	struct world *world = data;

	(void)at_us;
	buf_printf(&world->said, "unresolved " TEXT_FMT "\n", TEXT_ARG(domain));
}

static struct world
begin(struct arena *arena)
{
	struct world world = {.arena = arena};

	buf_init(&world.said, arena, 1 << 20);
	return world;
}

static void
open_join(struct world *world)
{
	const struct tls_join_options options = {
	    .report_domain = TEXT("reports.test"),
	    .report_instance = TEXT("postfix/tlsreport")};
	const struct tls_join_calls calls = {on_result, on_requiretls, on_look,
					     on_unresolved, world};

	world->join = tls_join_new(world->arena, &options, &calls);
}

static void
answer(struct world *world, struct text json)
{
	struct tls_answer answer;

	assert_true(tls_answer_parse(world->arena, json, &answer, NULL));
	tls_join_answer(world->join, &answer);
}

static void
line(struct world *world, struct text text)
{
	struct postfix_log log;

	world->position++;
	if (!postfix_log_parse(world->arena, text, &log))
		return;
	world->at_us = postfix_log_unix_us(&log.time, NOW_S, 0);
	tls_join_line(world->join, &log, world->at_us, world->position);
}

/* --- t/cases/tls-join --- */

/* The next line that was said. */
static struct text
next_said(struct world *world)
{
	struct scan in;
	struct text said;

	scan_init(&in, text_skip(buf_view(&world->said), world->read));
	said = scan_until(&in, '\n');
	world->read += said.len + 1;
	return said;
}

static FILE *
open_case(const char *name)
{
	const char *source = getenv("SIGNET_SOURCE");
	char path[1000];
	FILE *file;

	assert_non_null(source);
	snprintf(path, sizeof(path), "%s/t/cases/%s", source, name);
	file = fopen(path, "re");
	assert_non_null(file);
	return file;
}

/* "answer JSON", "log LINE", "want WHAT IS SAID NEXT"; all that is said is
 * wanted. */
static void
run_case(struct arena *arena, const char *name)
{
	FILE *file = open_case(name);
	struct world world = begin(arena);
	char *bytes = NULL;
	size_t room = 0, wanted = 0;
	ssize_t got;
	bool show = getenv("SIGNET_SHOW") != NULL;

	open_join(&world);
	while ((got = getline(&bytes, &room, file)) > 0) {
		struct text text =
		    text_copy(arena, text_trim(text_of(bytes, (size_t)got)));

		if (!text_starts(text, TEXT("want ")) && show)
			printf(TEXT_FMT "\n", TEXT_ARG(text));
		if (text_starts(text, TEXT("answer ")))
			answer(&world, text_skip(text, 7));
		else if (text_starts(text, TEXT("log ")))
			line(&world, text_skip(text, 4));
		else if (text_starts(text, TEXT("want ")) && !show) {
			assert_text(next_said(&world),
				    text_string(arena, text_skip(text, 5)));
			wanted++;
		}
		while (show && world.read < buf_view(&world.said).len) {
			struct text said = next_said(&world);

			printf("want " TEXT_FMT "\n", TEXT_ARG(said));
		}
	}
	if (!show) {
		assert_true(wanted > 0);
		assert_text(next_said(&world), "");
	}
	free(bytes);
	fclose(file);
}

static void
logs_of_postfix_3_7(void **state)
{
	run_case(*state, "tls-join/postfix-3.7.lines");
}

static void
logs_of_postfix_3_10(void **state)
{
	run_case(*state, "tls-join/postfix-3.10.lines");
}

static void
logs_of_postfix_3_11(void **state)
{
	run_case(*state, "tls-join/postfix-3.11.lines");
}

static void
rules(void **state)
{
	run_case(*state, "tls-join/rules.lines");
}

/* --- what a file cannot say --- */

#define AT "Nov 22 12:00:00 out postfix/smtp[7]: "
#define HANDSHAKE                                                              \
	AT "Trusted TLS connection established to mx.a.test[192.0.2.1]:25: "   \
	   "TLSv1.2 with cipher X (256/256 bits)"
#define DELIVERY                                                               \
	AT "ABCDEF1: to=<u@a.test>, relay=mx.a.test[192.0.2.1]:25, delay=1, "  \
	   "delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)"

static void
a_line_read_twice_has_its_id_twice(void **state)
{
	struct world world = begin(*state);
	char first[UUID_STRING_BYTES];

	open_join(&world);
	line(&world, TEXT(HANDSHAKE));
	line(&world, TEXT(DELIVERY));
	memcpy(first, world.last_id, sizeof(first));
	open_join(&world); /* as after a restart */
	line(&world, TEXT(HANDSHAKE));
	line(&world, TEXT(DELIVERY));
	assert_string_equal(world.last_id, first);
}

static void
the_position_waits_for_a_delivery(void **state)
{
	struct world world = begin(*state);

	open_join(&world);
	assert_true(tls_join_oldest(world.join) == UINT64_MAX);
	line(&world, TEXT("Nov 22 12:00:00 out postfix/qmgr[1]: 123456: "
			  "removed"));
	line(&world, TEXT(HANDSHAKE));
	line(&world, TEXT("Nov 22 12:00:01 out postfix/smtp[8]: connect to "
			  "x[192.0.2.9]:25: Connection refused"));
	assert_int_equal(tls_join_oldest(world.join), 2);
	line(&world, TEXT(DELIVERY));
	/* lines of more recipients may come */
	assert_int_equal(tls_join_oldest(world.join), 2);
	tls_join_expire(world.join, world.at_us + INT64_C(601000000));
	assert_true(tls_join_oldest(world.join) == UINT64_MAX);
	assert_int_equal(tls_join_processes(world.join), 0);
	assert_int_equal(tls_join_forgotten(world.join), 0);
}

static void
what_is_never_delivered_is_forgotten(void **state)
{
	struct world world = begin(*state);

	open_join(&world);
	line(&world, TEXT(HANDSHAKE));
	tls_join_expire(world.join, world.at_us + INT64_C(3599000000));
	assert_int_equal(tls_join_processes(world.join), 1);
	tls_join_expire(world.join, world.at_us + INT64_C(3600000000));
	assert_int_equal(tls_join_processes(world.join), 0);
	assert_int_equal(tls_join_forgotten(world.join), 1);
	line(&world, TEXT(DELIVERY));
	assert_text(next_said(&world),
		    "result a.test | no-policy-found a.test told "
		    "starttls-not-supported@mx.a.test | no-policy-found "
		    "mx.a.test told starttls-not-supported@mx.a.test");
}

static void
a_relay_host_hides_whose_it_was(void **state)
{
	struct world world = begin(*state);
	const struct tls_join_options options = {.is_indirect = true};
	const struct tls_join_calls calls = {on_result, on_requiretls, on_look,
					     on_unresolved, &world};

	world.join = tls_join_new(*state, &options, &calls);
	line(&world, TEXT(HANDSHAKE));
	line(&world, TEXT(DELIVERY));
	assert_int_equal(buf_view(&world.said).len, 0);
	answer(&world, TEXT("{\"pid\":7,\"at\":\"2026-11-22T12:00:00Z\","
			    "\"key\":\"a.test\",\"domain\":\"a.test\","
			    "\"answer\":\"NOTFOUND\"}"));
	line(&world, TEXT(HANDSHAKE));
	line(&world, TEXT("Nov 22 12:00:00 out postfix/smtp[7]: ABCDEF2: "
			  "to=<u@a.test>, relay=mx.a.test[192.0.2.1]:25, "
			  "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent "
			  "(250 ok)"));
	assert_true(text_starts(next_said(&world), TEXT("result a.test ")));
}

/* One message, one process, and two domains without TLS. */
static void
a_message_to_two_domains(void **state)
{
	struct world world = begin(*state);

	open_join(&world);
	line(&world, TEXT(HANDSHAKE));
	line(&world, TEXT(DELIVERY));
	buf_clear(&world.said);
	line(&world, TEXT(AT "ABCDEF1: to=<u@b.test>, "
			     "relay=mx.b.test[192.0.2.2]:25, delay=1, "
			     "delays=0/0/0/1, dsn=2.0.0, status=sent (250 "
			     "ok)"));
	assert_true(text_starts(next_said(&world), TEXT("result b.test ")));
	line(&world, TEXT(AT "ABCDEF1: to=<v@b.test>, "
			     "relay=mx.b.test[192.0.2.2]:25, delay=1, "
			     "delays=0/0/0/1, dsn=2.0.0, status=sent (250 "
			     "ok)"));
	assert_int_equal(next_said(&world).len, 0);
}

/* One message, one process, one second, and two domains with one host. */
static void
a_host_of_two_domains(void **state)
{
	struct world world = begin(*state);
	char first[UUID_STRING_BYTES];

	open_join(&world);
	line(&world, TEXT(HANDSHAKE));
	line(&world, TEXT(DELIVERY));
	memcpy(first, world.last_id, sizeof(first));
	line(&world, TEXT(HANDSHAKE));
	line(&world, TEXT(AT "ABCDEF1: to=<u@b.test>, "
			     "relay=mx.a.test[192.0.2.1]:25, delay=1, "
			     "delays=0/0/0/1, dsn=2.0.0, status=sent (250 "
			     "ok)"));
	assert_string_not_equal(first, world.last_id);
}

/* syslog writes the name of the system, postlogd $myhostname: answers know
 * neither. */
static void
a_host_has_two_names(void **state)
{
	struct world world = begin(*state);
	const struct tls_join_options options = {.is_indirect = true};
	const struct tls_join_calls calls = {on_result, on_requiretls, on_look,
					     on_unresolved, &world};

	world.join = tls_join_new(*state, &options, &calls);
	answer(&world, TEXT("{\"pid\":7,\"at\":\"2026-11-22T12:00:00Z\","
			    "\"key\":\"a.test\",\"domain\":\"a.test\","
			    "\"answer\":\"NOTFOUND\"}"));
	line(&world, TEXT(HANDSHAKE));
	line(&world, TEXT(DELIVERY));
	assert_true(text_starts(next_said(&world), TEXT("result a.test ")));
}

static void
processes_are_bounded(void **state)
{
	struct world world = begin(*state);

	open_join(&world);
	for (unsigned pid = 1; pid <= LIMIT_TLS_JOIN_PROCESSES + 10; pid++) {
		char *text = arena_printf(
		    *state,
		    "Nov 22 12:00:00 out postfix/smtp[%u]: Trusted TLS "
		    "connection established to mx.a.test[192.0.2.1]:25: "
		    "TLSv1.2 with cipher X (256/256 bits)",
		    pid);

		line(&world, text_from(text));
	}
	assert_int_equal(tls_join_processes(world.join),
			 LIMIT_TLS_JOIN_PROCESSES);
	assert_int_equal(tls_join_forgotten(world.join), 10);
}

static void
hosts_and_answers_are_bounded(void **state)
{
	struct world world = begin(*state);
	unsigned lines = 0;

	open_join(&world);
	for (unsigned i = 0; i < 200; i++) {
		char *text = arena_printf(
		    *state,
		    "Nov 22 12:00:00 out postfix/smtp[7]: Trusted TLS "
		    "connection established to mx.a.test[192.0.2.%u]:25: "
		    "TLSv1.2 with cipher X (256/256 bits)",
		    i);

		line(&world, text_from(text));
		text = arena_printf(
		    *state,
		    "{\"pid\":7,\"at\":\"2026-11-22T12:00:00Z\",\"key\":"
		    "\"d%u.test\",\"domain\":\"d%u.test\",\"answer\":\"dane\"}",
		    i, i);
		answer(&world, text_from(text));
	}
	line(&world, TEXT(DELIVERY));
	while (next_said(&world).len > 0)
		lines++;
	assert_int_equal(lines, LIMIT_TLS_JOIN_HOSTS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rules),
	    cmocka_unit_test(logs_of_postfix_3_7),
	    cmocka_unit_test(logs_of_postfix_3_10),
	    cmocka_unit_test(logs_of_postfix_3_11),
	    cmocka_unit_test(a_line_read_twice_has_its_id_twice),
	    cmocka_unit_test(the_position_waits_for_a_delivery),
	    cmocka_unit_test(what_is_never_delivered_is_forgotten),
	    cmocka_unit_test(a_relay_host_hides_whose_it_was),
	    cmocka_unit_test(a_host_has_two_names),
	    cmocka_unit_test(a_message_to_two_domains),
	    cmocka_unit_test(a_host_of_two_domains),
	    cmocka_unit_test(processes_are_bounded),
	    cmocka_unit_test(hosts_and_answers_are_bounded),
	};

	return cmocka_run_group_tests(tests, unit_arena_new, unit_arena_free);
}
