#include "unit.h"

#include "base/limits.h"
#include "milter/session.h"
#include "session_bench.h"

static void
begin(struct bench *bench)
{
	static const struct mail mail = {.client = "192.0.2.1",
					 .helo = "mail.example"};

	bench_start(bench, "example. A 192.0.2.1\n");
	bench_connect(bench, &mail);
	session_mail(bench->session, TEXT("a@example"), TEXT("user"));
}

static void
numbers_count_fields_of_one_name(void **state)
{
	struct bench *bench = *state;
	struct session *session;

	begin(bench);
	session = bench->session;
	session_header(session, TEXT("Authentication-Results"),
		       TEXT(" other.example; spf=pass"));
	session_header(session, TEXT("authentication-results"),
		       TEXT(" " BENCH_HOST "; spf=pass"));
	session_header(session, TEXT("X-Signet-Verdict"), TEXT(" none"));
	assert_int_equal(session->forged.results.count, 1);
	assert_int_equal(session->forged.results.numbers[0], 2);
	assert_int_equal(session->forged.tags.numbers[0], 1);
	assert_int_equal(forged_count(&session->forged), 2);
}

static void
flood_is_refused_whoever_sends_it(void **state)
{
	struct bench *bench = *state;
	struct session *session;
	unsigned i;

	begin(bench);
	session = bench->session;
	for (i = 0; i < LIMIT_FORGED_FIELDS; i++)
		session_header(session, TEXT("Authentication-Results"),
			       TEXT(" " BENCH_HOST "; spf=pass"));
	assert_false(session->forged.flood);
	session_header(session, TEXT("X-Signet-Verdict"), TEXT(" none"));
	assert_true(session->forged.flood);
	assert_int_equal(forged_count(&session->forged), LIMIT_FORGED_FIELDS);
	session_end(session);
	assert_int_equal(session->verdict.skipped, SKIP_AUTHENTICATED);
	assert_int_equal(session->decision.action, ACTION_REJECT);
	session_reset(session);
	assert_false(session->forged.flood);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    bench_test(numbers_count_fields_of_one_name),
	    bench_test(flood_is_refused_whoever_sends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
