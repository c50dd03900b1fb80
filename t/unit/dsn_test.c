#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/dsn.h"

static struct dsn_recipient *
one(void **state, const char *text)
{
	static struct dsn dsn;
	struct why why = {""};

	if (!dsn_read(*state, text_from(text), &dsn, &why))
		fail_msg("%s", why.text);
	assert_int_equal(dsn.count, 1);
	return dsn.first;
}

static void
postfix(void **state)
{
	struct dsn dsn;
	struct dsn_recipient *to;

	assert_true(dsn_read(
	    *state,
	    TEXT("Reporting-MTA: dns; mail.example.org\r\n"
		 "X-Postfix-Queue-ID: 4XyZ1234\r\n"
		 "X-Postfix-Sender: rfc822; report+x@example.org\r\n"
		 "Original-Envelope-Id: env-7\r\n"
		 "Arrival-Date: Sun, 22 Nov 2026 09:00:00 +0000 (UTC)\r\n"
		 "\r\n"
		 "Final-Recipient: rfc822; dmarc@example.com\r\n"
		 "Original-Recipient: rfc822;DMARC@example.com\r\n"
		 "Action: failed\r\n"
		 "Status: 5.1.1\r\n"
		 "Remote-MTA: dns; mx.example.com\r\n"
		 "Diagnostic-Code: smtp; 550 5.1.1 <dmarc@example.com>:\r\n"
		 "    Recipient address rejected: User unknown\r\n"),
	    &dsn, NULL));
	assert_text(dsn.reporting_mta, "mail.example.org");
	assert_text(dsn.envelope_id, "env-7");
	assert_text(dsn.arrival_date, "Sun, 22 Nov 2026 09:00:00 +0000 (UTC)");
	assert_int_equal(dsn.count, 1);
	assert_false(dsn.truncated);
	to = dsn.first;
	assert_text(to->final, "dmarc@example.com");
	assert_text(to->original, "DMARC@example.com");
	assert_int_equal(to->action, DSN_FAILED);
	assert_text(to->status, "5.1.1");
	assert_text(to->remote_mta, "mx.example.com");
	assert_int_equal(to->smtp_code, 550);
	assert_text(to->diagnostic,
		    "550 5.1.1 <dmarc@example.com>:    Recipient address "
		    "rejected: User unknown");
}

/* Exim has one status for all. */
static void
exim(void **state)
{
	struct dsn_recipient *to =
	    one(state, "Reporting-MTA: dns; mail.example.org\n"
		       "\n"
		       "Action: failed\n"
		       "Final-Recipient: rfc822;dmarc@example.com\n"
		       "Status: 5.0.0\n"
		       "Remote-MTA: dns; mx.example.com\n"
		       "Diagnostic-Code: smtp; 550 5.7.1 we do not want it\n");

	assert_text(to->final, "dmarc@example.com");
	assert_text(to->status, "5.7.1");
	to = one(state, "Action: failed\nFinal-Recipient: rfc822;a@b.example\n"
			"Status: 5.0.0\n");
	assert_text(to->status, "5.0.0");
	to = one(state, "Action: failed\nFinal-Recipient: rfc822;a@b.example\n"
			"Status: 5.0.0\nDiagnostic-Code: smtp; 450 4.2.1 x\n");
	assert_text(to->status, "5.0.0");
}

static void
exchange(void **state)
{
	struct dsn_recipient *to = one(
	    state,
	    "Reporting-MTA: dns;EX01.example.com\r\n"
	    "Received-From-MTA: dns;mail.example.org\r\n"
	    "Arrival-Date: Sun, 22 Nov 2026 09:00:00 +0000\r\n"
	    "\r\n"
	    "Original-Recipient: rfc822;dmarc@example.com\r\n"
	    "Final-recipient: RFC822;dmarc@example.com\r\n"
	    "Action: failed\r\n"
	    "Status: 5.1.10\r\n"
	    "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; "
	    "Recipient dmarc@example.com not found by SMTP address lookup\r\n"
	    "X-Display-Name: dmarc@example.com\r\n");

	assert_text(to->final, "dmarc@example.com");
	assert_text(to->original, "dmarc@example.com");
	assert_text(to->status, "5.1.10");
	assert_int_equal(to->smtp_code, 550);
	assert_text(text_first(to->diagnostic, 18), "550 5.1.10 RESOLVE");
}

static void
sendmail(void **state)
{
	struct dsn_recipient *to =
	    one(state, "Reporting-MTA: dns; mail.example.org\n"
		       "Received-From-MTA: DNS; localhost\n"
		       "Arrival-Date: Sun, 22 Nov 2026 09:00:00 GMT\n"
		       "\n"
		       "Final-Recipient: RFC822; dmarc@example.com\n"
		       "Action: failed\n"
		       "Status: 5.1.1\n"
		       "Remote-MTA: DNS; mx.example.com\n"
		       "Diagnostic-Code: SMTP; 550 5.1.1 "
		       "<dmarc@example.com>... User unknown\n"
		       "Last-Attempt-Date: Sun, 22 Nov 2026 09:00:01 GMT\n");

	assert_text(to->status, "5.1.1");
	assert_int_equal(to->smtp_code, 550);
}

static void
several_recipients(void **state)
{
	struct dsn dsn;

	/* an empty line between them, none, and the address last */
	assert_true(dsn_read(*state,
			     TEXT("Reporting-MTA: dns; x\n\n"
				  "Final-Recipient: rfc822; a@example.com\n"
				  "Action: failed\nStatus: 5.1.1\n"
				  "Final-Recipient: rfc822; b@example.com\n"
				  "Action: delayed\nStatus: 4.4.1\n"
				  "\n\r\n\n"
				  "Status: 2.0.0\nAction: RELAYED\n"
				  "Final-Recipient: <c@example.com>\n"),
			     &dsn, NULL));
	assert_int_equal(dsn.count, 3);
	assert_text(dsn.first->final, "a@example.com");
	assert_text(dsn.first->next->final, "b@example.com");
	assert_int_equal(dsn.first->next->action, DSN_DELAYED);
	assert_text(dsn.first->next->status, "4.4.1");
	assert_text(dsn.first->next->next->final, "c@example.com");
	assert_int_equal(dsn.first->next->next->action, DSN_RELAYED);
}

static void
groups_of_broken_writers(void **state)
{
	struct dsn_recipient *to;

	/* all in one group, words behind the status, a line that is none */
	to = one(state, "Reporting-MTA: x\n"
			"Final-Recipient: dmarc@example.com\n"
			"*** this is no field\n"
			"Action: failed (no such user)\n"
			"Status: 5.1.1 (bad destination mailbox address)\n");
	assert_text(to->final, "dmarc@example.com");
	assert_int_equal(to->action, DSN_FAILED);
	assert_text(to->status, "5.1.1");
	/* no status at all */
	to = one(state, "Final-Recipient: rfc822; a@b.example\nAction: failed\n"
			"Diagnostic-Code: smtp; host mx.b.example[192.0.2.1] "
			"said: 554 delivery error: #5.2.2 mailbox is full");
	assert_text(to->status, "5.2.2");
	assert_int_equal(to->smtp_code, 554);
	/* only an original recipient */
	to = one(state, "Original-Recipient: rfc822;a@b.example\n"
			"Action: failed\n");
	assert_text(to->final, "");
	assert_text(to->original, "a@b.example");
	assert_text(to->status, "");
	/* utf-8 (RFC 6533) */
	to = one(state, "Final-Recipient: utf-8; \xc3\xa4@b.example\n");
	assert_text(to->final, "\xc3\xa4@b.example");
}

static void
numbers_that_are_no_status(void **state)
{
	static const char *const texts[] = {"192.0.2.5 refused",
					    "version 15.5.1.12.1",
					    "5.1",
					    "a5.1.1",
					    "1.1.1",
					    "3.1.1",
					    "5.1.1000",
					    "9.9.9"};
	struct dsn_recipient *to;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		to = one(state, arena_printf(*state,
					     "Final-Recipient: rfc822; a@b.c\n"
					     "Diagnostic-Code: smtp; %s\n",
					     texts[i]));
		if (to->status.len > 0)
			fail_msg("%s: " TEXT_FMT, texts[i],
				 TEXT_ARG(to->status));
		assert_int_equal(to->smtp_code, 0);
	}
}

static void
about_nobody(void **state)
{
	static const char *const texts[] = {
	    "",
	    "\n\n\n",
	    "Reporting-MTA: dns; x\n\nRemote-MTA: dns; y\n",
	    "hello\nworld\n",
	    ": x\n",
	    "From someone\n\n",
	    "Status:\n"};
	struct dsn dsn;
	struct why why;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (dsn_read(*state, text_from(texts[i]), &dsn, &why))
			fail_msg("\"%s\" was taken", texts[i]);
	assert_string_equal(why.text, "it speaks of no recipient");
}

static void
bounds(void **state)
{
	struct dsn dsn;
	struct buf buf;
	int i;

	buf_init(&buf, *state, 1u << 20);
	for (i = 0; i < LIMIT_DSN_RECIPIENTS + 5; i++)
		buf_printf(&buf, "Final-Recipient: rfc822; u%d@x.example\n\n",
			   i);
	assert_true(dsn_read(*state, buf_view(&buf), &dsn, NULL));
	assert_int_equal(dsn.count, LIMIT_DSN_RECIPIENTS);
	assert_true(dsn.truncated);
	buf_clear(&buf);
	buf_string(&buf,
		   "Final-Recipient: rfc822; a@b.example\nDiagnostic-Code: ");
	while (buf.len < LIMIT_DSN_BYTES + 10)
		buf_char(&buf, 'x');
	assert_true(dsn_read(*state, buf_view(&buf), &dsn, NULL));
	assert_int_equal(dsn.first->diagnostic.len, LIMIT_DSN_VALUE_BYTES);
	assert_true(dsn.truncated);
}

static void
action_names(void **state)
{
	(void)state;
	assert_null(dsn_action_name(DSN_ACTION_NONE));
	assert_string_equal(dsn_action_name(DSN_FAILED), "failed");
	assert_string_equal(dsn_action_name(DSN_EXPANDED), "expanded");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(postfix),
	    arena_unit_test(exim),
	    arena_unit_test(exchange),
	    arena_unit_test(sendmail),
	    arena_unit_test(several_recipients),
	    arena_unit_test(groups_of_broken_writers),
	    arena_unit_test(numbers_that_are_no_status),
	    arena_unit_test(about_nobody),
	    arena_unit_test(bounds),
	    arena_unit_test(action_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
