/* failure_facts_test.c - which failures are told, and what of them */
#include "unit.h"

#include <jansson.h>

#include "session_bench.h"

#include "base/buf.h"
#include "base/limits.h"
#include "mailauth/redact.h"
#include "milter/failure_facts.h"

static const char zone[] =
    "bank.example TXT \"v=spf1 ip4:198.51.100.1 -all\"\n"
    "_dmarc.bank.example TXT \"v=DMARC1; p=reject; "
    "ruf=mailto:f@bank.example,mailto:g@other.example\"\n"
    "half.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "_dmarc.half.example TXT \"v=DMARC1; p=none; fo=1; "
    "ruf=mailto:f@half.example\"\n"
    "zero.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "_dmarc.zero.example TXT \"v=DMARC1; p=none; fo=0; "
    "ruf=mailto:f@zero.example\"\n"
    "_dmarc.dkim.example TXT \"v=DMARC1; p=none; fo=d; "
    "ruf=mailto:f@dkim.example\"\n"
    "_dmarc.spf.example TXT \"v=DMARC1; p=none; fo=s; "
    "ruf=mailto:f@spf.example\"\n"
    "spf.example TXT \"v=spf1 -all\"\n"
    "_dmarc.both.example TXT \"v=DMARC1; p=none; fo=d:s:x; "
    "ruf=mailto:f@both.example\"\n"
    "both.example TXT \"v=spf1 ~all\"\n"
    "_dmarc.psd.example TXT \"v=DMARC1; p=reject; psd=y; "
    "ruf=mailto:f@psd.example\"\n"
    "_dmarc.quiet.example TXT \"v=DMARC1; p=reject; "
    "rua=mailto:f@quiet.example\"\n"
    "_dmarc.down.example TXT !SERVFAIL\n";

#define SIGNED(domain)                                                         \
	"DKIM-Signature: v=1; a=rsa-sha256; d=" domain                         \
	"; s=s1; i=mary@" domain "; h=from; bh=AAAA; b=BBBB\n"
#define BODY "\nThe secret body of mary@bank.example\n"

static const struct mail forged = {
    .client = "192.0.2.9",
    .helo = "h.example",
    .sender = "mary@bank.example",
    .rcpt = "victim@site.test",
    .raw =
	"Received: from x (x [203.0.113.7]) by y.example for "
	"<victim@site.test>; Sun, 22 Nov 2026 09:00:00 +0000\n"
	"Delivered-To: victim@site.test\n"
	"Bcc: victim@site.test\n" SIGNED(
	    "bank.example") "From: Mary <mary@bank.example>\n"
			    "To: <victim@site.test>\n"
			    "Subject: pay at http://evil.example/victim\n" BODY,
};

static json_t *
event_of(struct bench *bench, struct text *line)
{
	json_t *event;

	*line = failure_facts_event(bench->session, 7);
	assert_true(line->len > 0 && line->len <= LIMIT_FAILURE_EVENT_BYTES);
	assert_int_equal(text_find(*line, '\n'), line->len);
	event = json_loadb(line->at, line->len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(event);
	return event;
}

static bool
contains(struct text text, const char *word)
{
	struct text wanted = text_from(word);

	for (; text.len >= wanted.len; text = text_skip(text, 1))
		if (text_starts_nocase(text, wanted))
			return true;
	return false;
}

#define assert_member(event, name, value)                                      \
	assert_string_equal(json_string_value(json_object_get(event, name)),   \
			    value)

static void
item_41_what_is_told_of_a_message(void **state)
{
	struct bench *bench = *state;
	struct text line;
	json_t *event;

	bench->options->failure_reports = true;
	bench_start(bench, zone);
	bench_mail(bench, &forged);
	assert_true(failure_facts_wanted(bench->session));
	event = event_of(bench, &line);
	assert_true(
	    text_starts(line, TEXT("{\"v\":1,\"type\":\"dmarc_failure\",")));
	assert_member(event, "host", BENCH_HOST);
	assert_member(event, "policy_domain", "bank.example");
	assert_member(event, "from_domain", "bank.example");
	assert_member(event, "source_ip", "192.0.2.9");
	assert_member(event, "dmarc_result", "fail");
	assert_true(json_is_true(json_object_get(event, "dkim_failed")));
	assert_true(json_is_true(json_object_get(event, "spf_failed")));
	assert_member(event, "dkim_domain", "bank.example");
	assert_member(event, "dkim_selector", "s1");
	assert_member(event, "spf_result", "fail");
	assert_member(event, "spf_domain", "bank.example");
	assert_member(event, "spf_record", "v=spf1 ip4:198.51.100.1 -all");
	assert_member(event, "delivery_result", "reject");
	assert_int_equal(json_integer_value(json_object_get(event, "left_out")),
			 7);
	assert_int_equal(json_array_size(json_object_get(event, "ruf")), 2);
	assert_true(contains(line, "header.from=bank.example"));
	assert_true(contains(line, "hxxp://evil.example/..."));
	/* what nobody may be told */
	assert_false(contains(line, "victim"));
	assert_false(contains(line, "mary@"));
	assert_false(contains(line, "secret"));
	assert_false(contains(line, "Bcc"));
	json_decref(event);
}

/* From domain; is it told? */
static const struct {
	const char *domain;
	bool told;
} by_record[] = {
    {"bank.example", true},  {"half.example", true},   {"zero.example", false},
    {"dkim.example", true},  {"spf.example", true},    {"both.example", true},
    {"psd.example", false},  {"quiet.example", false}, {"down.example", false},
    {"none.example", false},
};

static void
what_the_record_wants(void **state)
{
	struct bench *bench = *state;
	struct mail mail = {.client = "192.0.2.1", .helo = "h.example"};

	bench->options->failure_reports = true;
	bench_start(bench, zone);
	for (size_t i = 0; i < sizeof(by_record) / sizeof(*by_record); i++) {
		const char *domain = by_record[i].domain;

		mail.sender = arena_printf(bench->arena, "u@%s", domain);
		mail.raw = arena_printf(bench->arena,
					SIGNED("%s") "From: <u@%s>\n" BODY,
					domain, domain, domain);
		bench_mail(bench, &mail);
		if (failure_facts_wanted(bench->session) != by_record[i].told)
			fail_msg("%s", domain);
	}
	/* fo=d wants a signature that failed, fo=s an SPF that did */
	mail.sender = "u@none.example";
	mail.raw = "From: <u@dkim.example>\n" BODY;
	bench_mail(bench, &mail);
	assert_false(failure_facts_wanted(bench->session));
	mail.raw = "From: <u@spf.example>\n" BODY;
	bench_mail(bench, &mail);
	assert_false(failure_facts_wanted(bench->session));
}

static void
half_a_failure(void **state)
{
	struct bench *bench = *state;
	struct mail mail = {
	    .client = "192.0.2.1",
	    .helo = "h.example",
	    .sender = "u@half.example",
	    .raw = SIGNED("half.example") "From: <u@half.example>\n" BODY};
	struct text line;
	json_t *event;

	bench->options->failure_reports = true;
	bench_start(bench, zone);
	bench_mail(bench, &mail);
	assert_true(failure_facts_wanted(bench->session));
	event = event_of(bench, &line);
	assert_member(event, "dmarc_result", "pass");
	assert_true(json_is_true(json_object_get(event, "dkim_failed")));
	assert_true(json_is_false(json_object_get(event, "spf_failed")));
	assert_null(json_object_get(event, "spf_record"));
	json_decref(event);
}

static bool
is_told(struct bench *bench, struct mail mail)
{
	bench_mail(bench, &mail);
	return failure_facts_wanted(bench->session);
}

static void
item_41_what_is_never_told(void **state)
{
	static char address[] = "dmarc@site.test";
	static char *addresses[] = {address};
	struct bench *bench = *state;
	struct mail mail = forged;

	bench->options->failure_reports = true;
	bench->options->report_addresses.values = (void *)addresses;
	bench->options->report_addresses.count = 1;
	bench_start(bench, zone);
	assert_true(is_told(bench, mail));
	mail.rcpt = address;
	assert_false(is_told(bench, mail));
	mail = forged;
	mail.sender = "";
	assert_false(is_told(bench, mail));
	mail = forged;
	mail.raw = "From: <x@bank.example>\nContent-Type: Multipart/Report; "
		   "report-type=feedback-report\n" BODY;
	assert_false(is_told(bench, mail));
	mail = forged;
	mail.login = "user";
	assert_false(is_told(bench, mail));
	mail = forged;
	mail.client = NULL;
	assert_false(is_told(bench, mail));
	bench->options->role = ROLE_SUBMISSION;
	assert_false(is_told(bench, forged));
	bench->options->role = ROLE_INBOUND;
	bench->options->failure_reports = false;
	assert_false(is_told(bench, forged));
}

static void
item_41_off_unless_asked_for(void **state)
{
	struct bench *bench = *state;

	bench_start(bench, zone);
	assert_null(bench->engine->failures);
	bench_mail(bench, &forged);
	assert_false(failure_facts_wanted(bench->session));
}

/* Every byte of the header doubles when it is escaped. */
static void
a_huge_header(void **state)
{
	struct bench *bench = *state;
	struct mail mail = forged;
	struct buf raw;
	struct text line;

	bench->options->failure_reports = true;
	bench_start(bench, zone);
	buf_init(&raw, bench->arena, 2u << 20);
	buf_string(&raw, "From: <x@bank.example>\n");
	for (int i = 0; i < 200; i++) {
		buf_string(&raw, "Subject: ");
		for (int j = 0; j < 3000; j++)
			buf_char(&raw, j % 50 == 49 ? ' ' : '\\');
		buf_char(&raw, '\n');
	}
	buf_string(&raw, BODY);
	mail.raw = buf_cstring(&raw);
	bench_mail(bench, &mail);
	json_decref(event_of(bench, &line));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    bench_test(item_41_what_is_told_of_a_message),
	    bench_test(what_the_record_wants),
	    bench_test(half_a_failure),
	    bench_test(item_41_what_is_never_told),
	    bench_test(item_41_off_unless_asked_for),
	    bench_test(a_huge_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
