#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/scan.h"
#include "mailtls/postfix_log.h"

/* --- t/cases/postfix-log: lines that real servers wrote --- */

static void
put(struct buf *to, const char *name, struct text value)
{
	if (value.len > 0)
		buf_printf(to, " %s=" TEXT_FMT, name, TEXT_ARG(value));
}

static const char *
trust_name(enum postfix_log_trust trust)
{
	switch (trust) {
	case POSTFIX_LOG_TRUST_UNSET:
		return "";
	case POSTFIX_LOG_ANONYMOUS:
		return "anonymous";
	case POSTFIX_LOG_UNTRUSTED:
		return "untrusted";
	case POSTFIX_LOG_TRUSTED:
		return "trusted";
	case POSTFIX_LOG_VERIFIED:
		return "verified";
	}
	return "";
}

static struct text
told(struct arena *arena, const struct postfix_log *log)
{
	struct buf to;

	buf_init(&to, arena, 4096);
	buf_string(&to, postfix_log_kind_name(log->kind));
	if (log->kind == POSTFIX_LOG_OTHER)
		return buf_view(&to);
	put(&to, "instance", log->instance);
	put(&to, "program", log->program);
	put(&to, "id", log->queue_id);
	put(&to, "mx", log->mx);
	put(&to, "address", log->address);
	put(&to, "local", log->local_part);
	put(&to, "domain", log->domain);
	put(&to, "trust", text_from(trust_name(log->trust)));
	if (log->resumed)
		buf_string(&to, " resumed");
	put(&to, "status", log->status);
	put(&to, "dsn", log->dsn);
	put(&to, "tls", log->tls);
	if (log->uses > 1)
		buf_printf(&to, " uses=%u", log->uses);
	if (log->verdict != POSTFIX_LOG_OTHER)
		put(&to, "verdict",
		    text_from(postfix_log_kind_name(log->verdict)));
	if (log->has_replied)
		buf_string(&to, " replied");
	if (log->reply != 0)
		buf_printf(&to, " reply=%u", log->reply);
	put(&to, "failure", log->failure);
	put(&to, "reason", log->reason);
	return buf_view(&to);
}

static FILE *
open_case(const char *name)
{
	const char *source = getenv("SIGNET_SOURCE");
	char path[1000];
	FILE *file;

	assert_non_null(source);
	snprintf(path, sizeof(path), "%s/t/cases/postfix-log/%s", source, name);
	file = fopen(path, "re");
	assert_non_null(file);
	return file;
}

/* "log LINE", then "want WHAT IT TELLS". */
static void
run_case(struct arena *arena, const char *name)
{
	FILE *file = open_case(name);
	char *line = NULL;
	size_t room = 0, lines = 0;
	ssize_t got;
	struct postfix_log log = {.kind = POSTFIX_LOG_OTHER};

	while ((got = getline(&line, &room, file)) > 0) {
		struct text text = text_trim(text_of(line, (size_t)got));

		if (text_starts(text, TEXT("log "))) {
			text = text_copy(arena, text_skip(text, 4));
			if (text_starts(text, TEXT("{")))
				postfix_log_parse_json(arena, text, &log);
			else
				postfix_log_parse(arena, text, &log);
			if (getenv("SIGNET_SHOW") != NULL)
				printf("log " TEXT_FMT "\nwant " TEXT_FMT "\n",
				       TEXT_ARG(text),
				       TEXT_ARG(told(arena, &log)));
			lines++;
		} else if (text_starts(text, TEXT("want "))) {
			assert_text(told(arena, &log),
				    text_string(arena, text_skip(text, 5)));
		}
	}
	assert_true(lines > 0);
	free(line);
	fclose(file);
}

static void
lines_of_postfix_3_7(void **state)
{
	run_case(*state, "postfix-3.7.lines");
}

static void
lines_of_postfix_3_10(void **state)
{
	run_case(*state, "postfix-3.10.lines");
}

static void
lines_of_postfix_3_11(void **state)
{
	run_case(*state, "postfix-3.11.lines");
}

static void
lines_of_other_forms(void **state)
{
	run_case(*state, "forms.lines");
}

/* --- times --- */

static int64_t
when(const char *line, int64_t now_s, int zone_s)
{
	struct postfix_log log;

	postfix_log_parse(NULL, text_from(line), &log);
	return postfix_log_unix_us(&log.time, now_s, zone_s);
}

#define S INT64_C(1000000)

static void
a_year_is_found(void **state)
{
	int64_t now_s = 1795351540; /* 2026-11-22T12:45:40Z */

	(void)state;
	assert_int_equal(when("Nov 22 12:45:40 h postfix/smtp[1]: x", now_s, 0),
			 now_s * S);
	assert_int_equal(
	    when("Nov 22 13:45:40 h postfix/smtp[1]: x", now_s, 3600),
	    now_s * S);
	/* a clock that is a little ahead, and the last day of last year */
	assert_int_equal(when("Nov 23 12:00:00 h postfix/smtp[1]: x", now_s, 0),
			 (now_s + 86400 - 2740) * S);
	assert_int_equal(when("Dec 31 23:59:59 h postfix/smtp[1]: x", now_s, 0),
			 INT64_C(1767225599) * S);
	/* after midnight of New Year */
	assert_int_equal(
	    when("Dec 31 23:59:59 h postfix/smtp[1]: x", 1767225601, 0),
	    INT64_C(1767225599) * S);
	assert_int_equal(
	    when("Jan  1 00:00:01 h postfix/smtp[1]: x", 1767225599, 0),
	    INT64_C(1767225601) * S);
	/* a zone where it is the next year already */
	assert_int_equal(
	    when("Jan  1 10:59:59 h postfix/smtp[1]: x", 1767225599, 11 * 3600),
	    INT64_C(1767225599) * S);
	/* 2024 was the last leap year */
	assert_int_equal(when("Feb 29 00:00:00 h postfix/smtp[1]: x", now_s, 0),
			 INT64_C(1709164800) * S);
}

static void
a_time_with_its_zone(void **state)
{
	(void)state;
	assert_int_equal(
	    when("2026-11-22T13:45:40.25+01:00 h postfix/smtp[1]: x", 0, 99),
	    INT64_C(1795351540) * S + 250000);
	assert_int_equal(
	    when("2026-11-22T12:45:40Z h postfix/smtp[1]: x", 0, 99),
	    INT64_C(1795351540) * S);
}

static void
lines_that_are_none(void **state)
{
	static const char *const lines[] = {
	    "",
	    "Nov",
	    "Nov 22 12:45:40",
	    "Nov 22 12:45:40 h",
	    "Nov 22 12:45:40 h postfix/smtp",
	    "Nov 22 12:45:40 h postfix/smtp[1]",
	    "Nov 22 12:45:40 h postfix/smtp[]: x",
	    "Nov 22 12:45:40 h smtp[1]: x",
	    "Nov 22 12:45:40 h sshd[1]: Verified TLS connection",
	    "Nov 32 12:45:40 h postfix/smtp[1]: x",
	    "2026-13-22T12:45:40Z h postfix/smtp[1]: x",
	    "2026-11-22T12:45:40 h postfix/smtp[1]: x",
	    "Nov 22 12:45:40 h postfix/cleanup[1]: ABCDEF: message-id=<x>",
	};
	struct postfix_log log;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_false(
		    postfix_log_parse(*state, text_from(lines[i]), &log));
		assert_int_equal(log.kind, POSTFIX_LOG_OTHER);
	}
}

/* What a peer says can look like a line, or a part of one. */
static void
words_of_a_peer(void **state)
{
	struct postfix_log log;

	assert_true(postfix_log_parse(
	    *state,
	    TEXT("Nov 22 12:45:40 h postfix/smtp[1]: ABCDEF1: to=<u@d.test>, "
		 "relay=mx.d.test[192.0.2.1]:25, delay=1, delays=0/0/0/1, "
		 "dsn=5.0.0, status=bounced (host mx.d.test[192.0.2.1] said: "
		 "554 Verified TLS connection established to x[1]:25: "
		 "status=sent "
		 "(in reply to EHLO command))"),
	    &log));
	assert_int_equal(log.kind, POSTFIX_LOG_DELIVERY);
	assert_text(log.status, "bounced");
	assert_false(log.has_replied);
	assert_text(log.mx, "mx.d.test");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_of_postfix_3_7),
	    cmocka_unit_test(lines_of_postfix_3_10),
	    cmocka_unit_test(lines_of_postfix_3_11),
	    cmocka_unit_test(lines_of_other_forms),
	    cmocka_unit_test(a_year_is_found),
	    cmocka_unit_test(a_time_with_its_zone),
	    cmocka_unit_test(lines_that_are_none),
	    cmocka_unit_test(words_of_a_peer),
	};

	return cmocka_run_group_tests(tests, unit_arena_new, unit_arena_free);
}
