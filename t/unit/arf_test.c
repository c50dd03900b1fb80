#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/arf.h"

/* Appendix B of RFC 9991. */
static const char of_the_rfc[] =
    "Feedback-Type: auth-failure\r\n"
    "Version: 1\r\n"
    "User-Agent: DMARC-Filter/1.2.3\r\n"
    "Auth-Failure: dmarc\r\n"
    "Authentication-Results: gen.example;\r\n"
    "  dmarc=fail header.from=consumer.example\r\n"
    "Identity-Alignment: dkim\r\n"
    "DKIM-Domain: consumer.example\r\n"
    "DKIM-Identity: @consumer.example\r\n"
    "DKIM-Selector: epsilon\r\n"
    "Original-Envelope-Id: 65E1A3F0A0\r\n"
    "Original-Mail-From: author=gen.example@forwarder.example\r\n"
    "Source-IP: 192.0.2.2\r\n"
    "Source-Port: 12345\r\n"
    "Reported-Domain: consumer.example\r\n";

static struct arf_report
read_part(void **state, const char *part)
{
	struct arf_report report;
	struct why why;

	if (!arf_read(*state, text_from(part), &report, &why))
		fail_msg("%s", why.text);
	return report;
}

static void
the_report_of_the_rfc(void **state)
{
	struct arf_report report = read_part(state, of_the_rfc);

	assert_text(report.feedback_type, "auth-failure");
	assert_text(report.version, "1");
	assert_text(report.user_agent, "DMARC-Filter/1.2.3");
	assert_text(report.auth_failure, "dmarc");
	assert_text(report.authentication_results,
		    "gen.example;  dmarc=fail header.from=consumer.example");
	assert_true(report.has_identity_alignment);
	assert_true(report.is_dkim_unaligned);
	assert_false(report.is_spf_unaligned);
	assert_text(report.dkim_domain, "consumer.example");
	assert_text(report.dkim_identity, "@consumer.example");
	assert_text(report.dkim_selector, "epsilon");
	assert_text(report.original_envelope_id, "65E1A3F0A0");
	assert_text(report.original_mail_from,
		    "author=gen.example@forwarder.example");
	assert_text(report.source_ip, "192.0.2.2");
	assert_text(report.source_port, "12345");
	assert_text(report.reported_domains->text, "consumer.example");
	assert_null(report.reported_domains->next);
	assert_int_equal(report.incidents, 1);
	assert_null(report.defects);
}

static void
an_abuse_report(void **state)
{
	struct arf_report report =
	    read_part(state, "Feedback-Type: Abuse\n"
			     "User-Agent: SomeGenerator/1.0\n"
			     "Version: 1\n"
			     "Original-Mail-From: <somespammer@example.net>\n"
			     "Original-Rcpt-To: <user@example.com>\n"
			     "Original-Rcpt-To: <other@example.com>\n"
			     "Received-Date: Thu, 8 Mar 2005 14:00:00 EDT\n"
			     "Source-IP: 192.0.2.2\n"
			     "Reported-Domain: example.net\n"
			     "Reported-Domain: example.org\n"
			     "Reported-Uri: http://example.net/x\n"
			     "Incidents: 17\n"
			     "Removal-Recipient: user@example.com\n");

	assert_text(report.feedback_type, "abuse");
	assert_text(report.original_mail_from, "somespammer@example.net");
	assert_text(report.original_rcpt_to->text, "user@example.com");
	assert_text(report.original_rcpt_to->next->text, "other@example.com");
	assert_text(report.arrival_date, "Thu, 8 Mar 2005 14:00:00 EDT");
	assert_text(report.reported_domains->next->text, "example.org");
	assert_text(report.reported_uris->text, "http://example.net/x");
	assert_int_equal(report.incidents, 17);
	assert_null(report.defects);
}

static void
broken_writers(void **state)
{
	static const char *const sentences[] = {
	    "Identity-Alignment has a word that is not known",
	    "Incidents is no number",
	    "Source-IP stands in brackets",
	    "Version is missing",
	    "User-Agent is missing",
	    "Reported-Domain is missing"};
	struct arf_report report =
	    read_part(state, "\r\n\r\nthis is no field\r\n"
			     "FEEDBACK-TYPE: auth-failure\r\n"
			     "\r\n"
			     "auth-failure: DMARC\r\n"
			     "Identity-Alignment: SPF , arc,dkim\r\n"
			     "Incidents: many\r\n"
			     "Source-IP: [IPv6:2001:db8::1]\r\n"
			     "Auth-Failure: second\r\n");
	const struct arf_value *defect = report.defects;

	assert_text(report.auth_failure, "dmarc");
	assert_true(report.is_dkim_unaligned && report.is_spf_unaligned);
	assert_int_equal(report.incidents, 1);
	assert_text(report.source_ip, "2001:db8::1");
	for (size_t i = 0; i < 6; i++, defect = defect->next)
		assert_text(defect->text, sentences[i]);
	assert_null(defect);
	report = read_part(state, "Feedback-Type: auth-failure\nVersion: 1\n"
				  "User-Agent: x\nReported-Domain: x\n"
				  "Auth-Failure: dmarc\n");
	assert_text(report.defects->text, "Identity-Alignment is missing");
}

static void
what_is_no_report(void **state)
{
	static const char *const parts[] = {"",
					    "\n\n",
					    "Version: 1\n",
					    "Feedback-Type:\n",
					    "hello\n",
					    "Feedback-Type dmarc\n"};
	struct arf_report report;
	struct why why;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (arf_read(*state, text_from(parts[i]), &report, &why))
			fail_msg("\"%s\" was taken", parts[i]);
	assert_string_equal(why.text, "it has no Feedback-Type");
}

static void
bounds(void **state)
{
	struct arf_report report;
	const struct arf_value *value;
	struct buf buf;
	size_t n = 0;

	buf_init(&buf, *state, 1u << 20);
	buf_string(&buf, "Feedback-Type: abuse\n");
	for (int i = 0; i < LIMIT_ARF_VALUES + 5; i++)
		buf_printf(&buf, "Reported-Domain: d%d.example\n", i);
	buf_string(&buf, "User-Agent: ");
	while (buf.len < LIMIT_ARF_BYTES)
		buf_char(&buf, 'x');
	buf_string(&buf, "\nSource-IP: 192.0.2.1\n");
	assert_true(arf_read(*state, buf_view(&buf), &report, NULL));
	for (value = report.reported_domains; value != NULL;
	     value = value->next)
		n++;
	assert_int_equal(n, LIMIT_ARF_VALUES);
	assert_int_equal(report.user_agent.len, LIMIT_ARF_VALUE_BYTES);
	assert_text(report.source_ip, "");
	assert_text(report.defects->text,
		    "the part is too long to be read whole");
}

static struct text
part_of(struct text entity, const char *type)
{
	struct text wanted = text_from(type);
	size_t at = 0, end;

	while (at < entity.len && !text_starts(text_skip(entity, at), wanted))
		at++;
	while (!text_starts(text_skip(entity, at), TEXT("\r\n\r\n")))
		at++;
	entity = text_skip(entity, at + 4);
	for (end = 0; !text_starts(text_skip(entity, end), TEXT("\r\n--b0"));)
		end++;
	return text_first(entity, end);
}

static void
what_we_write_reads_back(void **state)
{
	struct arf_failure failure = {
	    .user_agent = TEXT("signet/1"),
	    .reporting_mta = TEXT("dns; mx.example.org"),
	    .text = TEXT("First line.\nSecond \xff line.\n"),
	    .header = TEXT("From: a@example.com\r\n"),
	    .arrival_date = TEXT("Sun, 22 Nov 2026 09:00:00 +0000"),
	    .source_ip = TEXT("2001:db8::1"),
	    .reported_domain = TEXT("example.com"),
	    .original_mail_from = TEXT("x@example.net"),
	    .authentication_results =
		TEXT("mx.example.org;\r\n\tdmarc=fail\r\nBcc: evil@x"),
	    .delivery_result = TEXT("reject"),
	    .dkim_failed = true,
	    .spf_failed = true,
	    .dkim_domain = TEXT("example.com"),
	    .dkim_identity = TEXT("@example.com"),
	    .dkim_selector = TEXT("s1"),
	    .spf_dns = TEXT("txt : example.com : \"v=spf1 -all\""),
	    .incidents = 12};
	struct arf_report report;
	struct buf to;
	struct text entity;

	buf_init(&to, *state, 64u << 10);
	arf_write(&failure, TEXT("b0"), &to);
	assert_true(buf_ok(&to));
	entity = buf_view(&to);
	assert_text(part_of(entity, "Content-Type: text/plain"),
		    "First line.\r\nSecond ? line.\r\n");
	assert_text(part_of(entity, "Content-Type: text/rfc822-headers"),
		    "From: a@example.com\r\n");
	assert_true(arf_read(
	    *state, part_of(entity, "Content-Type: message/feedback-report"),
	    &report, NULL));
	assert_null(report.defects);
	assert_text(report.auth_failure, "dmarc");
	assert_true(report.is_dkim_unaligned && report.is_spf_unaligned);
	assert_text(report.user_agent, "signet/1");
	assert_text(report.authentication_results,
		    "mx.example.org; dmarc=fail Bcc: evil@x");
	assert_text(report.source_ip, "2001:db8::1");
	assert_text(report.original_mail_from, "x@example.net");
	assert_text(report.delivery_result, "reject");
	assert_text(report.dkim_selector, "s1");
	assert_text(report.spf_dns, "txt : example.com : \"v=spf1 -all\"");
	assert_int_equal(report.incidents, 12);
	assert_text(arf_content_type(*state, TEXT("b0")),
		    "multipart/report; report-type=feedback-report;\r\n"
		    "\tboundary=\"b0\"");
}

static void
alignment_words(void **state)
{
	struct arf_failure failure = {.incidents = 1};
	struct arf_report report;
	struct buf to;

	for (unsigned i = 0; i < 4; i++) {
		failure.dkim_failed = i & 1;
		failure.spf_failed = i & 2;
		buf_init(&to, *state, 64u << 10);
		arf_write(&failure, TEXT("b0"), &to);
		assert_true(arf_read(
		    *state,
		    part_of(buf_view(&to), "Content-Type: message/feedback"),
		    &report, NULL));
		assert_true(report.has_identity_alignment);
		assert_int_equal(report.is_dkim_unaligned, i & 1);
		assert_int_equal(report.is_spf_unaligned, i >> 1);
		assert_int_equal(report.incidents, 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(the_report_of_the_rfc),
	    arena_unit_test(an_abuse_report),
	    arena_unit_test(broken_writers),
	    arena_unit_test(what_is_no_report),
	    arena_unit_test(bounds),
	    arena_unit_test(what_we_write_reads_back),
	    arena_unit_test(alignment_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
