/* pass_over_test.c - messages that the program died of before */
#include "unit.h"

#include "session_bench.h"

static const char zone[] =
    "victim.example TXT \"v=spf1 ip4:198.51.100.1 -all\"\n"
    "_dmarc.victim.example TXT \"v=DMARC1; p=reject\"\n";

static void
connect_from(struct bench *bench, const char *client)
{
	struct mail mail = {.client = client, .helo = "h.example"};

	bench_connect(bench, &mail);
}

static void
begin_mail(struct bench *bench, const char *login)
{
	session_mail(bench->session, TEXT("ceo@victim.example"),
		     text_from(login));
	session_header(bench->session, TEXT("From"),
		       TEXT(" ceo@victim.example"));
}

static void
assert_temperrors(const struct bench *bench)
{
	const struct verdict *verdict = &bench->session->verdict;

	assert_int_equal(verdict->skipped, SKIP_NOTHING);
	assert_int_equal(verdict->mail_from.result, SPF_TEMPERROR);
	assert_int_equal(verdict->dmarc.result, DMARC_TEMPERROR);
	assert_int_equal(verdict->dkim_count, 1);
	assert_string_equal(bench->session->decision.reason, "not-judged");
}

static void
every_check_is_temperror(void **state)
{
	struct bench *bench = *state;

	bench_start(bench, zone);
	connect_from(bench, "192.0.2.1");
	begin_mail(bench, "");
	session_pass_over(bench->session);
	assert_temperrors(bench);
}

/* Whoever crashes the program with the name of his host is not this host,
 * whose mail is taken unseen. */
static void
who_was_not_greeted_is_not_local(void **state)
{
	struct bench *bench = *state;

	bench_start(bench, zone);
	assert_true(bench->options->skip_local);
	session_pass_over(bench->session);
	assert_temperrors(bench);
}

static void
local_mail_stays_local(void **state)
{
	struct bench *bench = *state;

	bench_start(bench, zone);
	connect_from(bench, NULL);
	/* the envelope was passed over, or what follows it */
	session_pass_over(bench->session);
	assert_int_equal(bench->session->verdict.skipped, SKIP_LOCAL);
	begin_mail(bench, "");
	session_pass_over(bench->session);
	assert_int_equal(bench->session->verdict.skipped, SKIP_LOCAL);
}

/* Else a site that defers what it cannot judge would defer it for days. */
static void
who_has_logged_in_stays_so(void **state)
{
	struct bench *bench = *state;

	bench_start(bench, zone);
	connect_from(bench, "192.0.2.1");
	begin_mail(bench, "ann");
	session_pass_over(bench->session);
	assert_int_equal(bench->session->verdict.skipped, SKIP_AUTHENTICATED);
	/* and nobody else is */
	session_reset(bench->session);
	begin_mail(bench, "");
	session_pass_over(bench->session);
	assert_temperrors(bench);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    bench_test(every_check_is_temperror),
	    bench_test(who_was_not_greeted_is_not_local),
	    bench_test(local_mail_stays_local),
	    bench_test(who_has_logged_in_stays_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
