/* facts_message_test.c - the spool's line of a message */
#include "unit.h"

#include <jansson.h>

#include "session_bench.h"

#include "base/buf.h"
#include "base/limits.h"

static const char zone[] =
    "good.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"
    "_dmarc.good.example TXT \"v=DMARC1; p=reject; "
    "rua=mailto:d@good.example\"\n"
    "mail.good.example A 192.0.2.1\n"
    "mail.good.example TXT \"v=spf1 a -all\"\n"
    "1.2.0.192.in-addr.arpa PTR mail.good.example\n"
    "_dmarc.silent.example TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.calm.example TXT \"v=DMARC1; p=none; "
    "rua=mailto:d@calm.example\"\n"
    "_dmarc.careful.example TXT \"v=DMARC1; p=quarantine; "
    "rua=mailto:d@careful.example\"\n"
    "_dmarc.trying.example TXT \"v=DMARC1; p=reject; t=y; "
    "rua=mailto:d@trying.example\"\n"
    "_dmarc.down.example TXT !SERVFAIL\n";

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

static json_t *
event_of(struct bench *bench)
{
	struct text line = bench_event(bench);
	json_t *event;

	assert_int_equal(text_find(line, '\n'), line.len);
	event = json_loadb(line.at, line.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(event);
	return event;
}

/* The member "a.b.c"; a number names an element of an array. */
static json_t *
member(json_t *value, const char *path)
{
	char name[64];
	size_t length;

	while (*path != '\0') {
		length = strcspn(path, ".");
		assert_true(length < sizeof(name));
		memcpy(name, path, length);
		name[length] = '\0';
		value = json_is_array(value)
			    ? json_array_get(value, (size_t)(name[0] - '0'))
			    : json_object_get(value, name);
		path += length + (path[length] == '.');
	}
	if (value == NULL)
		fail_msg("no member %s", path);
	return value;
}

#define assert_member(event, path, value)                                      \
	assert_string_equal(json_string_value(member(event, path)), value)

static const char *const complete[][2] = {
    {"type", "message"},
    {"host", BENCH_HOST},
    {"program", "signet-milter"},
    {"listener", "milter"},
    {"queue_id", "4XyZ"},
    {"client_ip", "192.0.2.1"},
    {"client_name", "client.example"},
    {"helo", "mail.good.example"},
    {"mail_from", "ann@good.example"},
    {"mail_from_domain", "good.example"},
    {"rcpt.0.address", "user@site.test"},
    {"rcpt.0.domain", "site.test"},
    {"message_id", "<1@good.example>"},
    {"from.0", "ann@good.example"},
    {"from_domain", "good.example"},
    {"from_domains.0", "good.example"},
    {"iprev.result", "pass"},
    {"iprev.name", "mail.good.example"},
    {"spf.mailfrom.result", "pass"},
    {"spf.mailfrom.domain", "good.example"},
    {"spf.mailfrom.dnssec", "insecure"},
    {"spf.helo.result", "pass"},
    {"arc.result", "none"},
    {"dmarc.result", "pass"},
    {"dmarc.policy_domain", "good.example"},
    {"dmarc.organizational_domain", "good.example"},
    {"dmarc.discovery", "treewalk"},
    {"dmarc.published", "reject"},
    {"dmarc.disposition", "none"},
    {"dmarc.p", "reject"},
    {"dmarc.adkim", "r"},
    {"dmarc.rua.0", "mailto:d@good.example"},
    {"action", "accept"},
    {"evaluation.disposition", "pass"},
};

static void
event_is_complete(void **state)
{
	struct bench *bench = *state;
	json_t *event;
	size_t i;

	bench_start(bench, zone);
	bench_mail(bench, &good);
	event = event_of(bench);
	for (i = 0; i < sizeof(complete) / sizeof(*complete); i++)
		assert_member(event, complete[i][0], complete[i][1]);
	assert_int_equal(json_integer_value(member(event, "v")), 1);
	assert_int_equal(json_integer_value(member(event, "rcpt_count")), 1);
	assert_int_equal(strlen(json_string_value(member(event, "id"))), 36);
	assert_true(json_is_false(member(event, "test_mode")));
	assert_true(json_is_true(member(event, "dmarc.aligned_spf")));
	assert_true(json_is_false(member(event, "dmarc.aligned_dkim")));
	assert_true(json_is_null(member(event, "skipped")));
	assert_true(json_is_integer(member(event, "timings.questions")));
	assert_true(json_is_false(member(event, "evaluation.optional")));
	/* as the reader of the field sees it */
	assert_int_equal(
	    json_string_length(member(event, "authentication_results")),
	    bench->session->auth_results.len);
	json_decref(event);
}

static void
event_of_a_refusal(void **state)
{
	struct bench *bench = *state;
	struct mail mail = strange;
	json_t *event;

	bench_start(bench, zone);
	mail.raw = "Authentication-Results: MX.Site.Test.; dmarc=pass\n"
		   "From: <ann@good.example>\n\nHello\n";
	bench_mail(bench, &mail);
	event = event_of(bench);
	assert_member(event, "action", "reject");
	assert_member(event, "action_reason", "dmarc-reject");
	assert_member(event, "evaluation.disposition", "reject");
	assert_int_equal(strncmp(json_string_value(member(event, "reply")),
				 "550 5.7.26 DMARC: ", 18),
			 0);
	assert_int_equal(json_integer_value(member(event, "forged_removed")),
			 1);
	json_decref(event);
	bench->options->role = ROLE_INTERNAL;
	event = event_of(bench);
	assert_int_equal(json_integer_value(member(event, "forged_removed")),
			 0);
	json_decref(event);
}

static void
event_without_a_client(void **state)
{
	struct bench *bench = *state;
	struct mail mail = good;
	json_t *event;

	bench->options->skip_local = false;
	bench_start(bench, zone);
	mail.client = NULL;
	bench_mail(bench, &mail);
	event = event_of(bench);
	assert_true(json_is_null(member(event, "client_ip")));
	assert_true(json_is_null(member(event, "evaluation")));
	json_decref(event);
	mail.client = "::1";
	bench->options->skip_local = true;
	bench_mail(bench, &mail);
	event = event_of(bench);
	assert_member(event, "client_ip", "::1");
	assert_member(event, "skipped", "local");
	assert_true(json_is_null(member(event, "evaluation")));
	assert_null(json_object_get(event, "dmarc"));
	json_decref(event);
}

/* --- bounds --- */

static void
add_recipients(struct session *session, unsigned count)
{
	char address[LIMIT_ADDRESS_BYTES + 500];
	unsigned i;

	for (i = 0; i < count; i++) {
		memset(address, i % 2 == 0 ? '"' : '\\', sizeof(address));
		session_rcpt(session, text_of(address, sizeof(address)));
	}
}

static void
add_signatures(struct session *session, unsigned count)
{
	char value[2000], quotes[400];
	unsigned i;

	memset(quotes, '"', sizeof(quotes));
	for (i = 0; i < count; i++) {
		snprintf(value, sizeof(value),
			 " v=1; a=%.*s; d=example.com; s=%.*s; i=%.*s@x; h=to; "
			 "bh=%.*s; b=%u%.*s",
			 320, quotes, 320, quotes, 320, quotes, 320, quotes, i,
			 320, quotes);
		session_header(session, TEXT("DKIM-Signature"),
			       text_from(value));
	}
}

static void
add_authors(struct bench *bench, struct session *session)
{
	char local[300];
	struct buf from;
	unsigned i;

	memset(local, 'x', sizeof(local));
	buf_init(&from, bench->arena, 100000);
	for (i = 0; i < LIMIT_FROM_MAILBOXES; i++)
		buf_printf(&from, "%s \"%.*s\\\\\"@d%u.example",
			   i > 0 ? "," : "", 60, local, i);
	session_header(session, TEXT("From"), buf_view(&from));
}

static void
event_is_bounded(void **state)
{
	struct bench *bench = *state;
	struct session *session;
	json_t *event;

	bench_start(bench, zone);
	session = bench->session;
	bench_connect(bench, &strange);
	session_mail(session, TEXT("x@good.example"), TEXT(""));
	add_recipients(session, LIMIT_RECIPIENTS + 5);
	add_authors(bench, session);
	add_signatures(session, 2 * LIMIT_DKIM_FIELDS);
	session_end_of_header(session);
	session_end(session);
	event = event_of(bench);
	assert_int_equal(json_integer_value(member(event, "rcpt_count")),
			 LIMIT_RECIPIENTS + 5);
	assert_true(json_array_size(member(event, "rcpt")) > 10);
	assert_true(json_array_size(member(event, "dkim")) > 10);
	json_decref(event);
}

static void
a_thousand_recipients_are_told(void **state)
{
	struct bench *bench = *state;
	struct session *session;
	char address[60];
	json_t *event;
	unsigned i;

	bench->options->report_addresses.count = 0;
	bench_start(bench, zone);
	session = bench->session;
	bench_connect(bench, &good);
	session_mail(session, TEXT("ann@good.example"), TEXT(""));
	for (i = 0; i < LIMIT_RECIPIENTS; i++) {
		snprintf(address, sizeof(address),
			 "firstname.lastname%u@department.site.test", i);
		session_rcpt(session, text_from(address));
	}
	session_end(session);
	event = event_of(bench);
	assert_int_equal(json_array_size(member(event, "rcpt")),
			 LIMIT_RECIPIENTS);
	json_decref(event);
}

/* --- which evaluations are kept, and what they say was done --- */

struct evaluation_case {
	const char *author;
	int mode, role;
	bool reports;
	int iprev_fail, dmarc_reject;
	const char *disposition; /* NULL: none is kept */
	const char *override;	 /* NULL: none */
};

static const struct evaluation_case evaluations[] = {
    {"good.example", MODE_ENFORCE, ROLE_INBOUND, true, REMEDY_ACCEPT,
     REMEDY_REJECT, "reject", NULL},
    {"good.example", MODE_ENFORCE, ROLE_INBOUND, false, REMEDY_ACCEPT,
     REMEDY_REJECT, NULL, NULL},
    {"good.example", MODE_TEST, ROLE_INBOUND, true, REMEDY_ACCEPT,
     REMEDY_REJECT, "none", "local_policy"},
    {"good.example", MODE_ENFORCE, ROLE_SUBMISSION, true, REMEDY_ACCEPT,
     REMEDY_REJECT, NULL, NULL},
    {"good.example", MODE_ENFORCE, ROLE_INTERNAL, true, REMEDY_ACCEPT,
     REMEDY_REJECT, NULL, NULL},
    {"good.example", MODE_ENFORCE, ROLE_INBOUND, true, REMEDY_ACCEPT,
     REMEDY_HOLD, "quarantine", "local_policy"},
    {"good.example", MODE_ENFORCE, ROLE_INBOUND, true, REMEDY_ACCEPT,
     REMEDY_ACCEPT, "none", "local_policy"},
    /* no address for reports */
    {"silent.example", MODE_ENFORCE, ROLE_INBOUND, true, REMEDY_ACCEPT,
     REMEDY_REJECT, NULL, NULL},
    /* no record */
    {"nobody.example", MODE_ENFORCE, ROLE_INBOUND, true, REMEDY_ACCEPT,
     REMEDY_REJECT, NULL, NULL},
    /* could not be asked */
    {"down.example", MODE_ENFORCE, ROLE_INBOUND, true, REMEDY_ACCEPT,
     REMEDY_REJECT, NULL, NULL},
    {"calm.example", MODE_ENFORCE, ROLE_INBOUND, true, REMEDY_ACCEPT,
     REMEDY_REJECT, "none", NULL},
    /* refused for something else: that tells its sender nothing */
    {"calm.example", MODE_ENFORCE, ROLE_INBOUND, true, REMEDY_REJECT,
     REMEDY_REJECT, NULL, NULL},
    {"careful.example", MODE_ENFORCE, ROLE_INBOUND, true, REMEDY_ACCEPT,
     REMEDY_REJECT, "quarantine", NULL},
    /* kept aside for two reasons, one of which is DMARC */
    {"careful.example", MODE_ENFORCE, ROLE_INBOUND, true, REMEDY_HOLD,
     REMEDY_REJECT, "quarantine", NULL},
    {"trying.example", MODE_ENFORCE, ROLE_INBOUND, true, REMEDY_ACCEPT,
     REMEDY_REJECT, "quarantine", "policy_test_mode"},
};

static void
check_evaluation(struct bench *bench, const struct evaluation_case *one)
{
	struct mail mail = strange;
	json_t *event;

	bench->options->mode = one->mode;
	bench->options->role = one->role;
	bench->options->dmarc_reports = one->reports;
	bench->options->iprev_fail = one->iprev_fail;
	bench->options->dmarc_reject = one->dmarc_reject;
	mail.raw =
	    arena_printf(bench->arena, "From: <a@%s>\n\nx\n", one->author);
	bench_mail(bench, &mail);
	event = event_of(bench);
	if (one->disposition == NULL)
		assert_true(json_is_null(member(event, "evaluation")));
	else
		assert_member(event, "evaluation.disposition",
			      one->disposition);
	assert_int_equal(json_array_size(member(event, "dmarc.overrides")),
			 one->override != NULL);
	if (one->override != NULL)
		assert_member(event, "dmarc.overrides.0.type", one->override);
	json_decref(event);
}

static void
evaluations_that_are_kept(void **state)
{
	struct bench *bench = *state;
	size_t i;

	bench_start(bench, zone);
	for (i = 0; i < sizeof(evaluations) / sizeof(*evaluations); i++)
		check_evaluation(bench, &evaluations[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    bench_test(event_is_complete),
	    bench_test(event_of_a_refusal),
	    bench_test(event_without_a_client),
	    bench_test(event_is_bounded),
	    bench_test(a_thousand_recipients_are_told),
	    bench_test(evaluations_that_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
