/* session_test.c - a connection and its messages, step by step */
#include "unit.h"

#include "session_bench.h"

#include "base/limits.h"

#define FROM_GOOD "From: Ann <ann@good.example>\nSubject: x\n\nHello\n"
#define FROM_VICTIM "From: <ceo@victim.example>\n\nHello\n"

static const char zone[] =
    "good.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "_dmarc.good.example TXT \"v=DMARC1; p=reject; "
    "rua=mailto:d@good.example\"\n"
    "mail.good.example A 192.0.2.1\n"
    "mail.good.example TXT \"v=spf1 a -all\"\n"
    "1.2.0.192.in-addr.arpa PTR mail.good.example\n"
    "victim.example TXT \"v=spf1 ip4:198.51.100.1 -all\"\n"
    "_dmarc.victim.example TXT \"v=DMARC1; p=reject\"\n"
    "list.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n";

static const struct mail good = {
    .client = "192.0.2.1",
    .helo = "mail.good.example",
    .sender = "ann@good.example",
    .raw = FROM_GOOD,
};

/* The victim's name from a host of somebody else. */
static const struct mail spoofed = {
    .client = "192.0.2.1",
    .helo = "mail.good.example",
    .sender = "ceo@victim.example",
    .raw = FROM_VICTIM,
};

static struct config_networks
network(struct bench *bench, const char *one)
{
	struct ipnet *values = arena_new_array(bench->arena, struct ipnet, 1);

	assert_true(ipnet_parse(text_from(one), &values[0]));
	return (struct config_networks){.values = values, .count = 1};
}

/* --- what a plain message gives --- */

static void
good_mail_passes(void **state)
{
	struct bench *bench = *state;
	const struct verdict *verdict;

	bench_start(bench, zone);
	verdict = &bench->session->verdict;
	bench_mail(bench, &good);
	assert_int_equal(verdict->iprev.result, IPREV_PASS);
	assert_int_equal(verdict->mail_from.result, SPF_PASS);
	assert_int_equal(verdict->helo.result, SPF_PASS);
	assert_int_equal(verdict->dkim_count, 0);
	assert_int_equal(verdict->arc.result, ARC_NONE);
	assert_int_equal(verdict->dmarc.result, DMARC_PASS);
	assert_int_equal(verdict->override_count, 0);
	assert_int_equal(bench->session->decision.action, ACTION_ACCEPT);
}

static void
spoofed_mail_is_refused(void **state)
{
	struct bench *bench = *state;

	bench_start(bench, zone);
	bench_mail(bench, &spoofed);
	assert_int_equal(bench->session->verdict.dmarc.result, DMARC_FAIL);
	assert_int_equal(bench->session->decision.action, ACTION_REJECT);
	assert_string_equal(bench->session->decision.status, "5.7.26");
}

/* With each question failing in turn nothing gets better. */
static void
no_answer_is_never_a_better_one(void **state)
{
	struct bench *bench = *state;
	enum dmarc_result result;
	unsigned count, i;

	bench_start(bench, zone);
	bench_mail(bench, &spoofed);
	count = dns_zone_questions(bench->zone);
	assert_true(count > 5);
	for (i = 0; i < count; i++) {
		dns_zone_fail_question(bench->zone, (int)i);
		bench_mail(bench, &spoofed);
		result = bench->session->verdict.dmarc.result;
		assert_true(result == DMARC_FAIL || result == DMARC_TEMPERROR);
		dns_zone_fail_question(bench->zone, (int)i);
		bench_mail(bench, &good);
		result = bench->session->verdict.dmarc.result;
		assert_true(result == DMARC_PASS || result == DMARC_TEMPERROR);
		assert_int_equal(bench->session->decision.action,
				 ACTION_ACCEPT);
	}
}

/* --- whom nothing is asked about --- */

static void
skipped(struct bench *bench, const struct mail *mail, enum skip why)
{
	unsigned before = dns_zone_questions(bench->zone);

	bench_mail(bench, mail);
	assert_int_equal(bench->session->verdict.skipped, why);
	if (why == SKIP_NOTHING)
		return;
	assert_int_equal(dns_zone_questions(bench->zone), before);
	assert_int_equal(bench->session->verdict.dmarc.result,
			 DMARC_NOT_EVALUATED);
	assert_int_equal(bench->session->decision.action, ACTION_ACCEPT);
}

static void
skip_rules(void **state)
{
	struct bench *bench = *state;
	struct mail mail = spoofed;

	bench->options->skip_networks = network(bench, "203.0.113.0/24");
	bench_start(bench, zone);
	skipped(bench, &mail, SKIP_NOTHING);
	mail.client = "203.0.113.77";
	skipped(bench, &mail, SKIP_NETWORK);
	mail.client = "203.0.114.1";
	skipped(bench, &mail, SKIP_NOTHING);
	mail.client = "127.0.0.2";
	skipped(bench, &mail, SKIP_LOCAL);
	mail.client = "::1";
	skipped(bench, &mail, SKIP_LOCAL);
	mail.client = NULL;
	skipped(bench, &mail, SKIP_LOCAL);
	mail.client = "192.0.2.1";
	mail.login = "ceo";
	skipped(bench, &mail, SKIP_AUTHENTICATED);
	assert_text(bench->session->auth_results,
		    BENCH_HOST ";\r\n\tauth=pass smtp.auth=ceo");
	/* the next message is not logged in */
	mail.login = NULL;
	skipped(bench, &mail, SKIP_NOTHING);
}

static void
skip_rules_switched_off(void **state)
{
	struct bench *bench = *state;
	struct mail mail = spoofed;

	bench->options->skip_authenticated = false;
	bench->options->skip_local = false;
	bench_start(bench, zone);
	mail.login = "ceo";
	skipped(bench, &mail, SKIP_NOTHING);
	assert_int_equal(bench->session->decision.action, ACTION_REJECT);
	mail.client = "127.0.0.1";
	skipped(bench, &mail, SKIP_NOTHING);
	mail.client = NULL;
	skipped(bench, &mail, SKIP_NOTHING);
	assert_int_equal(bench->session->verdict.mail_from.result,
			 SPF_NOT_EVALUATED);
}

static void
roles_that_enforce_nothing(void **state)
{
	static const int roles[] = {ROLE_SUBMISSION, ROLE_INTERNAL};
	struct bench *bench = *state;
	size_t i;

	bench_start(bench, zone);
	for (i = 0; i < 2; i++) {
		bench->options->role = roles[i];
		bench_mail(bench, &spoofed);
		assert_int_equal(bench->session->verdict.dmarc.result,
				 DMARC_FAIL);
		assert_int_equal(bench->session->decision.action,
				 ACTION_ACCEPT);
	}
}

/* --- behind our own relays --- */

#define RELAYED(received) "Received: " received "\n" FROM_GOOD

static void
behind(struct bench *bench, const char *raw, const char *address,
       const char *helo)
{
	char text[IPADDR_STRING_BYTES];
	struct mail mail = good;

	mail.client = "198.51.100.7";
	mail.helo = "relay.site.test";
	mail.raw = raw;
	bench_mail(bench, &mail);
	assert_string_equal(ipaddr_write(&bench->session->verdict.client, text),
			    address);
	assert_text(bench->session->client_helo, helo);
}

static void
the_client_before_a_relay_counts(void **state)
{
	struct bench *bench = *state;

	bench->options->relays = network(bench, "198.51.100.0/24");
	bench_start(bench, zone);
	behind(bench,
	       RELAYED("from mail.good.example (x [192.0.2.1])\n\tby relay"),
	       "192.0.2.1", "mail.good.example");
	assert_int_equal(bench->session->verdict.dmarc.result, DMARC_PASS);
	assert_int_equal(bench->session->verdict.helo.result, SPF_PASS);
	assert_int_equal(bench->session->verdict.iprev.result, IPREV_PASS);
	/* two relays; what the client wrote below is not believed */
	behind(bench,
	       RELAYED("from r2 (r2 [198.51.100.8]) by relay\n"
		       "Received: from evil (evil [203.0.113.9]) by r2\n"
		       "Received: from mail.good.example (x [192.0.2.1])"),
	       "203.0.113.9", "evil");
	assert_int_equal(bench->session->verdict.dmarc.result, DMARC_FAIL);
	/* written on the relay itself */
	behind(bench, RELAYED("by relay (Postfix, from userid 0)"),
	       "198.51.100.7", "relay.site.test");
	behind(bench, FROM_GOOD, "198.51.100.7", "relay.site.test");
}

/* A relay whose words are not understood has not said that SPF fails. */
static void
a_relay_that_is_not_understood(void **state)
{
	struct bench *bench = *state;

	bench->options->relays = network(bench, "198.51.100.0/24");
	bench_start(bench, zone);
	behind(bench, RELAYED("from mail.good.example (192.0.2.1) by relay"),
	       "", "relay.site.test");
	assert_int_equal(bench->session->verdict.mail_from.result,
			 SPF_NOT_EVALUATED);
	assert_int_equal(bench->session->verdict.iprev.result,
			 IPREV_NOT_EVALUATED);
	assert_int_not_equal(bench->session->decision.action, ACTION_REJECT);
}

static void
networks_to_skip_behind_a_relay(void **state)
{
	struct bench *bench = *state;

	bench->options->relays = network(bench, "198.51.100.0/24");
	bench->options->skip_networks = network(bench, "10.0.0.0/8");
	bench_start(bench, zone);
	behind(bench, RELAYED("from pc (pc [10.1.2.3]) by relay"), "10.1.2.3",
	       "pc");
	assert_int_equal(bench->session->verdict.skipped, SKIP_NETWORK);
	assert_int_equal(bench->session->decision.action, ACTION_ACCEPT);
	behind(bench, RELAYED("from pc (pc [11.1.2.3]) by relay"), "11.1.2.3",
	       "pc");
	assert_int_equal(bench->session->verdict.skipped, SKIP_NOTHING);
}

/* --- several messages, RSET, STARTTLS --- */

static void
one_message_leaves_nothing_for_the_next(void **state)
{
	struct bench *bench = *state;
	struct session *session;
	struct mail mail = spoofed;

	bench_start(bench, zone);
	session = bench->session;
	mail.raw = "Authentication-Results: " BENCH_HOST "; spf=pass\n"
		   "Require-TLS-ESMTP: yes\n"
		   "From: <ceo@victim.example>\nFrom: <x@good.example>\n\nx\n";
	bench_mail(bench, &mail);
	assert_int_equal(session->verdict.author.status, AUTHOR_AMBIGUOUS);
	assert_int_equal(forged_count(&session->forged), 1);
	assert_true(session->verdict.requiretls_forged);
	bench_send(bench, &good);
	assert_int_equal(session->verdict.dmarc.result, DMARC_PASS);
	assert_int_equal(session->verdict.author.status, AUTHOR_ONE);
	assert_int_equal(forged_count(&session->forged), 0);
	assert_false(session->verdict.requiretls_forged);
	assert_int_equal(session->recipient_count, 1);
	assert_int_equal(session->decision.action, ACTION_ACCEPT);
	assert_null(session->decision.reason);
}

static void
reset_ends_a_message(void **state)
{
	struct bench *bench = *state;
	struct session *session;

	bench_start(bench, zone);
	session = bench->session;
	bench_connect(bench, &spoofed);
	session_mail(session, TEXT("ceo@victim.example"), TEXT(""));
	session_mail_argument(session, TEXT("REQUIRETLS"));
	session_rcpt(session, TEXT("a@site.test"));
	session_header(session, TEXT("From"), TEXT(" x@victim.example"));
	session_reset(session);
	assert_int_equal(session->recipient_count, 0);
	assert_int_equal(session->sender.len, 0);
	bench_send(bench, &good);
	assert_int_equal(session->verdict.dmarc.result, DMARC_PASS);
	assert_false(session->verdict.requiretls.mail_parameter);
	/* MAIL twice without an end between */
	session_mail(session, TEXT("ceo@victim.example"), TEXT(""));
	session_rcpt(session, TEXT("a@site.test"));
	bench_send(bench, &good);
	assert_int_equal(session->recipient_count, 1);
	assert_int_equal(session->verdict.dmarc.result, DMARC_PASS);
}

static void
tls_begins_anew_with_each_helo(void **state)
{
	struct bench *bench = *state;
	struct session *session;
	struct mail mail = good;

	bench_start(bench, zone);
	session = bench->session;
	mail.helo = "before.example";
	bench_connect(bench, &mail);
	session_helo(session, TEXT("mail.good.example"));
	session_tls(session, TEXT("TLSv1.3"), TEXT("TLS_AES"), TEXT("256"));
	bench_send(bench, &mail);
	assert_text(session->client_helo, "mail.good.example");
	assert_int_equal(session->verdict.helo.result, SPF_PASS);
	assert_int_equal(session->tls.bits, 256);
	session_helo(session, TEXT("mail.good.example"));
	assert_int_equal(session->tls.version.len, 0);
}

/* A client that says EHLO for ever, or sends messages for ever. */
static void
a_connection_holds_little(void **state)
{
	struct bench *bench = *state;
	char name[2000];
	unsigned i;

	bench_start(bench, zone);
	bench_connect(bench, &good);
	memset(name, 'x', sizeof(name));
	for (i = 0; i < 1000; i++) {
		session_helo(bench->session, text_of(name, sizeof(name)));
		session_tls(bench->session, TEXT("TLSv1.3"), TEXT("TLS_AES"),
			    TEXT("256"));
	}
	assert_true(arena_held(bench->session->greeting) < 16384);
	assert_int_equal(bench->session->helo.len, LIMIT_ADDRESS_BYTES);
}

/* --- bounds --- */

static void
without_an_end_of_header(void **state)
{
	struct bench *bench = *state;

	bench_start(bench, zone);
	bench_connect(bench, &spoofed);
	session_mail(bench->session, TEXT("ceo@victim.example"), TEXT(""));
	session_rcpt(bench->session, TEXT("a@site.test"));
	session_end(bench->session);
	assert_int_equal(bench->session->verdict.author.status, AUTHOR_NONE);
}

static void
a_header_that_is_cut_passes_for_nobody(void **state)
{
	struct bench *bench = *state;
	struct session *session;
	unsigned i;

	bench_start(bench, zone);
	session = bench->session;
	bench_connect(bench, &good);
	session_mail(session, TEXT("ann@good.example"), TEXT(""));
	session_rcpt(session, TEXT("a@site.test"));
	session_header(session, TEXT("From"), TEXT(" ann@good.example"));
	for (i = 0; i < LIMIT_HEADER_FIELDS + 10; i++)
		session_header(session, TEXT("X"), TEXT(" y"));
	session_header(session, TEXT("Authentication-Results"),
		       TEXT(" " BENCH_HOST "; dmarc=pass"));
	session_end_of_header(session);
	session_end(session);
	assert_int_equal(session->verdict.dmarc.result, DMARC_PERMERROR);
	assert_int_equal(session->verdict.author.status, AUTHOR_AMBIGUOUS);
	assert_int_equal(forged_count(&session->forged), 1);
	assert_int_equal(session->decision.action, ACTION_TAG);
}

static void
without_an_author(void **state)
{
	struct bench *bench = *state;
	struct mail mail = good;

	bench_start(bench, zone);
	mail.raw = "Subject: x\n\ny\n";
	bench_mail(bench, &mail);
	assert_int_equal(bench->session->verdict.dmarc.result, DMARC_PERMERROR);
	assert_int_equal(bench->session->decision.action, ACTION_TAG);
	assert_string_equal(bench->session->decision.reason, "from-missing");
}

static void
several_author_domains(void **state)
{
	struct bench *bench = *state;
	struct mail mail = good;

	bench_start(bench, zone);
	mail.raw = "From: a@good.example, ceo@victim.example\n\nx\n";
	bench_mail(bench, &mail);
	assert_int_equal(bench->session->verdict.dmarc.result, DMARC_FAIL);
	assert_text(bench->session->verdict.dmarc.author.name,
		    "victim.example");
	mail.raw = "From: a@good.example, b@list.example\n\nx\n";
	mail.sender = "a@good.example";
	bench_mail(bench, &mail);
	assert_int_not_equal(bench->session->verdict.dmarc.result, DMARC_PASS);
}

static void
both_discoveries(void **state)
{
	static const char two[] =
	    "_dmarc.a.b.good.example TXT \"v=DMARC1; p=none; psd=n\"\n"
	    "_dmarc.b.good.example TXT \"v=DMARC1; p=quarantine\"\n"
	    "_dmarc.good.example TXT \"v=DMARC1; p=reject\"\n"
	    "x.b.good.example A 192.0.2.1\n";
	struct bench *bench = *state;
	const struct verdict *verdict;
	struct mail mail = good;

	bench->options->dmarc_discovery = DISCOVER_BOTH;
	bench_start(bench, two);
	verdict = &bench->session->verdict;
	mail.raw = "From: a@x.b.good.example\n\nx\n";
	bench_mail(bench, &mail);
	assert_int_equal(verdict->dmarc.method, DMARC_TREEWALK);
	assert_int_equal(verdict->other->method, DMARC_PSL);
	assert_int_equal(verdict->dmarc.result, DMARC_FAIL);
	assert_int_equal(verdict->other->result, DMARC_FAIL);
	assert_text(verdict->other->policy.policy_domain.name, "good.example");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    bench_test(good_mail_passes),
	    bench_test(spoofed_mail_is_refused),
	    bench_test(no_answer_is_never_a_better_one),
	    bench_test(skip_rules),
	    bench_test(skip_rules_switched_off),
	    bench_test(roles_that_enforce_nothing),
	    bench_test(the_client_before_a_relay_counts),
	    bench_test(a_relay_that_is_not_understood),
	    bench_test(networks_to_skip_behind_a_relay),
	    bench_test(one_message_leaves_nothing_for_the_next),
	    bench_test(reset_ends_a_message),
	    bench_test(tls_begins_anew_with_each_helo),
	    bench_test(a_connection_holds_little),
	    bench_test(without_an_end_of_header),
	    bench_test(a_header_that_is_cut_passes_for_nobody),
	    bench_test(without_an_author),
	    bench_test(several_author_domains),
	    bench_test(both_discoveries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
