/* facts_log_test.c - the one line of the log */
#include "unit.h"

#include "session_bench.h"

#include "base/buf.h"
#include "base/limits.h"

static const char zone[] = "good.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
			   "_dmarc.good.example TXT \"v=DMARC1; p=reject; "
			   "rua=mailto:d@good.example\"\n"
			   "mail.good.example A 192.0.2.1\n"
			   "mail.good.example TXT \"v=spf1 a -all\"\n"
			   "1.2.0.192.in-addr.arpa PTR mail.good.example\n";

static const struct mail good = {
    .client = "192.0.2.1",
    .helo = "mail.good.example",
    .sender = "ann@good.example",
    .raw = "From: Ann <ann@good.example>\nMessage-ID: <1@good.example>\n"
	   "Subject: x\n\nHello\n",
};

static const struct mail strange = {
    .client = "203.0.113.5",
    .helo = "h.example",
    .sender = "x@good.example",
    .raw = "From: <ann@good.example>\n\nHello\n",
};

static const char *
log_of(struct bench *bench)
{
	struct buf line;

	buf_init(&line, bench->arena, LIMIT_LOG_LINE_BYTES);
	facts_log(bench->session, TEXT("4XyZ"), &line);
	assert_true(buf_ok(&line));
	return buf_cstring(&line);
}

static void
log_line(void **state)
{
	struct bench *bench = *state;
	const char *line;

	bench_start(bench, zone);
	bench_mail(bench, &good);
	line = log_of(bench);
	assert_int_equal(
	    strncmp(line,
		    "4XyZ: client=192.0.2.1 helo=mail.good.example "
		    "mail_from=ann@good.example from=good.example rcpts=1 "
		    "iprev=pass spf=pass helo_spf=pass dkim=none arc=none "
		    "dmarc=pass policy=reject action=accept ms=",
		    174),
	    0);
}

/* Whoever reads pairs finds each of ours once, whatever the client said. */
static void
log_line_with_hostile_names(void **state)
{
	struct bench *bench = *state;
	struct mail mail = strange;
	char name[1024];
	const char *line, *at;

	bench_start(bench, zone);
	memset(name, '"', sizeof(name));
	memcpy(name, "x action=accept\n4XyZ: action=accept ", 36);
	name[sizeof(name) - 1] = '\0';
	mail.helo = mail.sender = name;
	bench_mail(bench, &mail);
	line = log_of(bench);
	assert_null(strchr(line, '\n'));
	at = strstr(line, "\" from=");
	assert_non_null(at);
	at = strstr(at, " action=");
	assert_non_null(at);
	assert_null(strstr(at + 1, " action="));
	assert_non_null(strstr(at, " id="));
}

static void
add_signatures(struct session *session, unsigned count)
{
	char value[200];
	unsigned i;

	for (i = 0; i < count; i++) {
		snprintf(value, sizeof(value),
			 " v=1; a=rsa-sha256; d=d%u.example.com; s=x; h=to; "
			 "bh=; b=",
			 i);
		session_header(session, TEXT("DKIM-Signature"),
			       text_from(value));
	}
}

static void
log_line_of_many_signatures(void **state)
{
	struct bench *bench = *state;
	struct session *session;

	bench_start(bench, zone);
	session = bench->session;
	bench_connect(bench, &good);
	session_mail(session, TEXT("ann@good.example"), TEXT(""));
	session_header(session, TEXT("From"), TEXT(" ann@good.example"));
	add_signatures(session, 100);
	session_end(session);
	assert_non_null(strstr(log_of(bench), ",+"));
	assert_non_null(strstr(log_of(bench), " action=accept"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    bench_test(log_line),
	    bench_test(log_line_with_hostile_names),
	    bench_test(log_line_of_many_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
