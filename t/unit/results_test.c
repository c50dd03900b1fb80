/* results_test.c - the Authentication-Results field of a message */
#include "unit.h"

#include "session_bench.h"

#include "base/why.h"
#include "mailauth/auth_results.h"

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
	   "Subject: x\n\nHello\r\n",
};

static const struct mail strange = {
    .client = "203.0.113.5",
    .helo = "h.example",
    .sender = "x@good.example",
    .raw = "From: <ann@good.example>\n\nHello\r\n",
};

static void
field_of_a_good_message(void **state)
{
	struct bench *bench = *state;

	bench_start(bench, zone);
	bench_mail(bench, &good);
	assert_text(bench->session->auth_results,
		    "mx.site.test;\r\n"
		    "\tiprev=pass (without dnssec) policy.iprev=192.0.2.1 "
		    "(mail.good.example);\r\n"
		    "\tspf=pass (without dnssec) "
		    "smtp.mailfrom=ann@good.example;\r\n"
		    "\tspf=pass (without dnssec) "
		    "smtp.helo=mail.good.example;\r\n"
		    "\tdmarc=pass (without dnssec) header.from=good.example\r\n"
		    "\tpolicy.dmarc=reject;\r\n"
		    "\tdkim=none");
}

static void
field_of_a_refused_message(void **state)
{
	struct bench *bench = *state;

	bench_start(bench, zone);
	bench_mail(bench, &strange);
	assert_text(
	    bench->session->auth_results,
	    "mx.site.test;\r\n"
	    "\tiprev=permerror (without dnssec) policy.iprev=203.0.113.5;\r\n"
	    "\tspf=fail (without dnssec) reason=\"matched -all\"\r\n"
	    "\tsmtp.mailfrom=x@good.example;\r\n"
	    "\tspf=none (without dnssec) smtp.helo=h.example;\r\n"
	    "\tdmarc=fail (without dnssec) reason=\"no aligned pass\"\r\n"
	    "\theader.from=good.example policy.dmarc=reject;\r\n"
	    "\tdkim=none");
}

/* What a client can choose gives no result of its own. */
static void
nothing_is_injected_into_the_field(void **state)
{
	static const char *const words[] = {
	    "x; dmarc=pass header.from=good.example",
	    "x\"; dmarc=pass (",
	    "x\r\n\tdmarc=pass",
	    "x) ; dmarc=pass",
	    "\\",
	    "\"a\\\"; spf=pass\"@b",
	    "\xc3\xa4@b;dkim=pass",
	};
	struct bench *bench = *state;
	const struct auth_method *method;
	struct auth_results results;
	struct mail mail = strange;
	struct why why;
	size_t i;

	bench_start(bench, zone);
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		mail.helo = mail.sender = words[i];
		bench_mail(bench, &mail);
		if (!auth_results_parse(bench->arena,
					bench->session->auth_results, &results,
					&why))
			fail_msg("%s: %s", words[i], why.text);
		for (method = results.methods; method != NULL;
		     method = method->next)
			assert_false(text_equal(method->result, TEXT("pass")));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    bench_test(field_of_a_good_message),
	    bench_test(field_of_a_refused_message),
	    bench_test(nothing_is_injected_into_the_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
