#include "unit.h"

#include "base/dns_memo.h"
#include "base/limits.h"

struct counting {
	struct resolver resolver;
	unsigned asked;
	bool silent;
};

static void
counting_ask(struct resolver *resolver, struct dns_question *question)
{
	struct counting *counting = (struct counting *)resolver;

	counting->asked++;
	if (counting->silent)
		return;
	question->answer.status = DNS_NODATA;
	question->answered = true;
}

static void
counting_wait(struct resolver *resolver, struct dns_question *question,
	      struct deadline deadline)
{
}

static const struct deadline soon = {0};

static void
impossible_names_are_not_asked(void **state)
{
	struct counting c = {{counting_ask, counting_wait}, 0, false};
	const char *names[] = {
	    "", ".", "a..b", ".a",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_int_equal(
		    dns_wait(dns_ask(*state, &c.resolver, text_from(names[i]),
				     DNS_TXT),
			     soon, NULL),
		    DNS_NXDOMAIN);
	assert_int_equal(c.asked, 0);
}

static void
silence_is_tempfail(void **state)
{
	struct counting c = {{counting_ask, counting_wait}, 0, true};
	const struct dns_answer *answer;

	assert_int_equal(dns_wait(dns_ask(*state, &c.resolver,
					  TEXT("a.example"), DNS_A),
				  soon, &answer),
			 DNS_TEMPFAIL);
	assert_string_equal(answer->reason, "no answer in time");
}

static void
memo_asks_once(void **state)
{
	struct counting c = {{counting_ask, counting_wait}, 0, false};
	struct dns_memo *memo = dns_memo_new(*state, &c.resolver);
	struct resolver *r = dns_memo_resolver(memo);

	dns_ask(*state, r, TEXT("A.example."), DNS_A);
	dns_ask(*state, r, TEXT("a.EXAMPLE"), DNS_A);
	dns_ask(*state, r, TEXT("a.example"), DNS_TXT);
	assert_int_equal(c.asked, 2);
	assert_int_equal(dns_memo_count(memo), 2);
	assert_text(dns_memo_question(memo, 0)->name, "a.example");
}

static void
memo_bounds_the_questions(void **state)
{
	struct counting c = {{counting_ask, counting_wait}, 0, false};
	struct resolver *r =
	    dns_memo_resolver(dns_memo_new(*state, &c.resolver));
	struct dns_question *last = NULL;

	for (int i = 0; i < LIMIT_DNS_QUESTIONS + 10; i++)
		last = dns_ask(*state, r,
			       text_from(arena_printf(*state, "n%d.test", i)),
			       DNS_A);
	assert_int_equal(c.asked, LIMIT_DNS_QUESTIONS);
	assert_int_equal(dns_wait(last, soon, NULL), DNS_TEMPFAIL);
}

static void
weaker_state(void **state)
{
	assert_int_equal(dns_security_weaker(DNS_SECURE, DNS_INSECURE),
			 DNS_INSECURE);
	assert_int_equal(dns_security_weaker(DNS_SECURITY_BOGUS, DNS_SECURE),
			 DNS_SECURITY_BOGUS);
	assert_int_equal(dns_security_weaker(DNS_SECURE, DNS_SECURE),
			 DNS_SECURE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(impossible_names_are_not_asked),
	    arena_unit_test(silence_is_tempfail),
	    arena_unit_test(memo_asks_once),
	    arena_unit_test(memo_bounds_the_questions),
	    arena_unit_test(weaker_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
