/* trust_test.c - what spares a message that DMARC fails */
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "dkim_fixture.h"
#include "session_bench.h"

#include "base/buf.h"
#include "base/limits.h"

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

/* The victim's name from a host of somebody else. */
static const struct mail spoofed = {
    .client = "192.0.2.1",
    .helo = "mail.good.example",
    .sender = "ceo@victim.example",
    .raw = FROM_VICTIM,
};

static struct config_strings
strings(struct bench *bench, const char *one)
{
	const char **values = arena_new_array(bench->arena, const char *, 1);

	values[0] = one;
	return (struct config_strings){.values = values, .count = 1};
}

static void
several_overrides_at_once(void **state)
{
	struct bench *bench = *state;
	const struct verdict *verdict;
	struct mail mail = spoofed;

	bench->options->lists = strings(bench, "list.example");
	bench->options->forwarders = strings(bench, "list.example");
	bench->options->local_policy = strings(bench, "example");
	bench_start(bench, zone);
	verdict = &bench->session->verdict;
	mail.sender = "bounces@list.example";
	bench_mail(bench, &mail);
	assert_int_equal(verdict->dmarc.result, DMARC_FAIL);
	assert_int_equal(verdict->override_count, 3);
	assert_int_equal(verdict->overrides[0].type, OVERRIDE_MAILING_LIST);
	assert_int_equal(verdict->overrides[1].type,
			 OVERRIDE_TRUSTED_FORWARDER);
	assert_int_equal(verdict->overrides[2].type, OVERRIDE_LOCAL_POLICY);
	assert_string_equal(verdict->overrides[0].comment, "list.example");
	assert_int_equal(bench->session->decision.action, ACTION_ACCEPT);
	/* the name alone is no proof */
	mail.client = "203.0.113.5";
	bench_mail(bench, &mail);
	assert_int_equal(verdict->override_count, 0);
	assert_int_equal(bench->session->decision.action, ACTION_REJECT);
}

/* Whether a message that a list brought is spared, if its sender is this. */
static bool
list_is_spared(struct bench *bench, const char *sender, const char *fields)
{
	struct mail mail = spoofed;

	mail.sender = sender;
	mail.raw = arena_printf(bench->arena, "%s" FROM_VICTIM, fields);
	bench_mail(bench, &mail);
	assert_int_equal(bench->session->verdict.dmarc.result, DMARC_FAIL);
	return bench->session->decision.action == ACTION_ACCEPT;
}

static void
a_list_of_users(void **state)
{
	static const char file[] = "signet-lists 1\n"
				   "talk.list.example list.example 7\n"
				   "end 1\n";
	char path[] = "/tmp/signet-trust-test-XXXXXX";
	struct bench *bench = *state;
	int fd = mkstemp(path);

	assert_int_equal(write(fd, file, sizeof(file) - 1), sizeof(file) - 1);
	close(fd);
	bench->options->lists_file = path;
	bench_start(bench, zone);
	assert_true(list_is_spared(bench, "bounces@list.example",
				   "List-Id: Talk <Talk.list.example>\n"));
	assert_int_equal(bench->session->verdict.overrides[0].type,
			 OVERRIDE_MAILING_LIST);
	assert_string_equal(bench->session->verdict.overrides[0].comment,
			    "talk.list.example");
	/* not for what only says that it is the list */
	assert_false(list_is_spared(bench, "bounces@good.example",
				    "List-Id: <talk.list.example>\n"));
	/* nor for the rest of the list's domain */
	assert_false(list_is_spared(bench, "bounces@list.example", ""));
	assert_false(list_is_spared(bench, "bounces@list.example",
				    "List-Id: <other.list.example>\n"));
	/* nor for what may be either */
	assert_false(list_is_spared(bench, "bounces@list.example",
				    "List-Id: <talk.list.example>\n"
				    "List-Id: <other.list.example>\n"));
	unlink(path);
}

#define SEALED_TAGS                                                            \
	"a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1; "               \
	"h=from:subject; bh=@; b=@"
#define SEAL_TAGS "a=rsa-sha256; d=example.com; s=s1; t=1700000000; cv=none"

/* Whether a message with that author, sealed with those results, is spared. */
static bool
is_spared(struct bench *bench, const char *results, const char *raw)
{
	struct mail mail = spoofed;

	mail.sender = "x@example.com";
	mail.raw = test_seal(bench->arena, fixture_rsa, 1, results, SEALED_TAGS,
			     SEAL_TAGS, raw);
	bench_mail(bench, &mail);
	assert_int_equal(bench->session->verdict.dmarc.result, DMARC_FAIL);
	return bench->session->decision.action == ACTION_ACCEPT;
}

#define SEALED "From: <ceo@victim.example>\r\n\r\nHello\r\n"

static void
arc_of_a_trusted_sealer(void **state)
{
	struct bench *bench = *state;
	const struct verdict *verdict;

	bench->options->arc_sealers = strings(bench, "example.com");
	bench_start(bench,
		    arena_printf(bench->arena, "%s%s", zone, fixture_rsa_zone));
	verdict = &bench->session->verdict;
	assert_true(is_spared(bench, "a.example; dmarc=pass", SEALED));
	assert_string_equal(verdict->arc_trusted, "example.com");
	assert_string_equal(verdict->overrides[0].comment,
			    "arc=pass by example.com");
	assert_true(is_spared(
	    bench, "a.example; dmarc=pass header.from=victim.example", SEALED));
	assert_false(is_spared(bench, "a.example; dmarc=fail", SEALED));
	assert_non_null(verdict->arc_trusted);
	assert_false(is_spared(bench, "a.example; none", SEALED));
	assert_false(is_spared(bench, "a.example; spf=pass", SEALED));
	assert_false(
	    is_spared(bench, "a.example; dmarc=pass; dmarc=fail", SEALED));
	assert_false(is_spared(bench, "dmarc=pass", SEALED));
}

/* The sealer vouched for one author; who is shown is another. */
static void
arc_about_another_author(void **state)
{
	struct bench *bench = *state;

	bench->options->arc_sealers = strings(bench, "example.com");
	bench->options->from_ambiguous = REMEDY_TAG;
	bench_start(bench,
		    arena_printf(bench->arena, "%s%s", zone, fixture_rsa_zone));
	assert_false(is_spared(
	    bench, "a.example; dmarc=pass header.from=evil.example", SEALED));
	assert_false(is_spared(
	    bench, "a.example; dmarc=pass header.from=evil.example",
	    "From: <a@evil.example>, <ceo@victim.example>\r\n\r\nHello\r\n"));
	assert_false(is_spared(
	    bench, "a.example; dmarc=pass",
	    "From: <a@evil.example>, <ceo@victim.example>\r\n\r\nHello\r\n"));
}

static void
arc_of_a_stranger(void **state)
{
	struct bench *bench = *state;

	bench->options->arc_sealers = strings(bench, "other.example");
	bench_start(bench,
		    arena_printf(bench->arena, "%s%s", zone, fixture_rsa_zone));
	assert_false(is_spared(bench, "a.example; dmarc=pass", SEALED));
	assert_int_equal(bench->session->verdict.arc.result, ARC_PASS);
	assert_null(bench->session->verdict.arc_trusted);
}

/* --- more questions than one message may cause --- */

#define COSTLY_TERMS 10
#define COSTLY_HOSTS 10

/* A policy that takes as many questions as it may. */
static void
add_costly_policy(struct buf *to, const char *domain)
{
	unsigned term, host;

	buf_printf(to, "%s TXT \"v=spf1", domain);
	for (term = 0; term < COSTLY_TERMS; term++)
		buf_printf(to, " mx:m%u.%s", term, domain);
	buf_string(to, " -all\"\n");
	for (term = 0; term < COSTLY_TERMS; term++)
		for (host = 0; host < COSTLY_HOSTS; host++)
			buf_printf(to,
				   "m%u.%s MX 1 h%u-%u.%s\n"
				   "h%u-%u.%s A 198.51.100.9\n",
				   term, domain, term, host, domain, term, host,
				   domain);
}

static const char *
costly_message(struct arena *arena)
{
	static const char tags[] = "a=rsa-sha256; h=from; bh=AAAA; b=AAAA";
	struct buf raw;
	unsigned i;

	buf_init(&raw, arena, 1u << 20);
	buf_string(&raw, "From: <ceo@no.victim.example>\r\n");
	for (i = 1; i <= LIMIT_ARC_SETS; i++)
		buf_printf(&raw,
			   "ARC-Authentication-Results: i=%u; x; none\r\n"
			   "ARC-Message-Signature: i=%u; %s; d=d%u.example; "
			   "s=a\r\n"
			   "ARC-Seal: i=%u; a=rsa-sha256; b=AAAA; s=b; "
			   "d=d%u.example; cv=%s\r\n",
			   i, i, tags, i, i, i, i == 1 ? "none" : "pass");
	buf_string(&raw, "\r\nx\r\n");
	return buf_cstring(&raw);
}

/* Whoever makes us ask too much must not gain by what is asked last: whether
 * the author domain exists. */
static void
questions_for_dmarc_are_kept_free(void **state)
{
	struct bench *bench = *state;
	struct session *session;
	struct mail mail = spoofed;
	struct buf costly;

	bench->options->reject_reasons = 0;
	buf_init(&costly, bench->arena, 1u << 20);
	buf_string(&costly, "_dmarc.victim.example TXT "
			    "\"v=DMARC1; p=none; np=reject\"\n"
			    "victim.example A 192.0.2.9\n");
	add_costly_policy(&costly, "a.example");
	add_costly_policy(&costly, "b.example");
	bench_start(bench, buf_cstring(&costly));
	session = bench->session;
	mail.helo = "a.example";
	mail.sender = "x@b.example";
	mail.raw = costly_message(bench->arena);
	bench_mail(bench, &mail);
	assert_true(dns_memo_count(session->memo) >= LIMIT_DNS_QUESTIONS);
	assert_int_equal(session->verdict.helo.result, SPF_TEMPERROR);
	assert_int_equal(session->verdict.dmarc.result, DMARC_FAIL);
	assert_int_equal(session->decision.action, ACTION_REJECT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    bench_test(several_overrides_at_once),
	    bench_test(a_list_of_users),
	    bench_test(arc_of_a_trusted_sealer),
	    bench_test(arc_about_another_author),
	    bench_test(arc_of_a_stranger),
	    bench_test(questions_for_dmarc_are_kept_free),
	};

	return cmocka_run_group_tests(tests, fixture_make, fixture_free);
}
