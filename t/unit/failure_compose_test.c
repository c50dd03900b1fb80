/* failure_compose_test.c - the mail that carries a failure report */
#include "unit.h"

#include "base/buf.h"
#include "base/why.h"
#include "dmarc-reporter/failure_compose.h"
#include "mailauth/message.h"

static struct failure_claim
some_claim(void)
{
	struct failure_claim claim = {
	    .id = 7,
	    .number = 1,
	    .from_domain = TEXT("mail.bank.example"),
	    .failure_s = 1795338000,
	    .is_there = true,
	    .spf_domain = TEXT("bank.example"),
	    .spf_record = TEXT("v=spf1 exists:\"x\\\" -all"),
	    .host = TEXT("mx.example.org"),
	    .failure = {.header = TEXT("From: x@bank.example\r\n"),
			.source_ip = TEXT("192.0.2.1"),
			.reported_domain = TEXT("bank.example"),
			.spf_failed = true,
			.dkim_failed = true,
			.incidents = 3}};

	claim.policy_domain.name = TEXT("bank.example");
	return claim;
}

static char *
mail_of(void **state, const struct failure_claim *claim, size_t ceiling,
	bool *done)
{
	struct failure_compose compose = {.claim = claim,
					  .organization = "Site \"x\"",
					  .from = "dmarc@example.org",
					  .domain = "example.org",
					  .to = "f@bank.example",
					  .contact = "help@example.org",
					  .destination = 9,
					  .now_s = 1795339000};
	struct buf mail;
	struct why why;

	buf_init(&mail, *state, ceiling);
	*done = failure_compose_mail(*state, &compose, &mail, &why);
	return buf_cstring(&mail);
}

static void
assert_field(struct message *message, void **state, const char *name,
	     const char *value)
{
	const struct header_field *field = message_find(message, name);

	assert_non_null(field);
	assert_text(field_unfolded(*state, field), value);
}

static void
a_mail(void **state)
{
	struct failure_claim claim = some_claim();
	struct message message;
	bool done;
	char *mail = mail_of(state, &claim, 100000, &done);

	assert_true(done);
	message_init(&message, *state);
	message_parse(&message, text_from(mail));
	assert_field(&message, state, "From",
		     "\"Site \\\"x\\\"\" <dmarc@example.org>");
	assert_field(&message, state, "To", "<f@bank.example>");
	assert_field(&message, state, "Subject",
		     "DMARC failure report for bank.example (mail from "
		     "192.0.2.1)");
	assert_field(&message, state, "Message-ID",
		     "<failure.7.9@example.org>");
	assert_field(&message, state, "Auto-Submitted", "auto-generated");
	assert_non_null(strstr(mail, "\r\nIncidents: 3\r\n"));
	assert_non_null(strstr(mail, "It stands for 3 messages"));
	assert_non_null(strstr(mail, "\r\nReporting-MTA: dns; "
				     "mx.example.org\r\n"));
	assert_non_null(strstr(mail, "\r\nSPF-DNS: txt : bank.example : "
				     "\"v=spf1 exists:\\\"x\\\\\\\" -all\""));
	assert_non_null(strstr(mail, "\r\nArrival-Date: "));
	for (const char *c = mail; *c != '\0'; c++)
		assert_true(*c != '\n' || (c > mail && c[-1] == '\r'));
}

static void
one_incident_without_spf(void **state)
{
	struct failure_claim claim = some_claim();
	bool done;
	char *mail;

	claim.failure.incidents = 1;
	claim.spf_record = TEXT("");
	mail = mail_of(state, &claim, 100000, &done);
	assert_true(done);
	assert_null(strstr(mail, "Incidents"));
	assert_null(strstr(mail, "It stands for"));
	assert_null(strstr(mail, "SPF-DNS"));
}

static void
too_long(void **state)
{
	struct failure_claim claim = some_claim();
	bool done;

	mail_of(state, &claim, 500, &done);
	assert_false(done);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(a_mail),
	    arena_unit_test(one_incident_without_spf),
	    arena_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
