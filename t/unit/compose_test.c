#include "unit.h"

#include "base/buf.h"
#include "base/why.h"
#include "dmarc-reporter/compose.h"

static const struct report report = {.policy_domain = {TEXT_INIT("a.example")},
				     .begin = 1795219200,
				     .end = 1795305600,
				     .report_id = TEXT_INIT("2026112100abc"),
				     .submitter = TEXT_INIT("site.example"),
				     .dialect = DMARC_REPORT_RFC9990};

static struct compose
sample(void)
{
	return (struct compose){.report = &report,
				.organization = "Site",
				.from = "r@site.example",
				.to = "d@a.example",
				.contact = "c@site.example",
				.host = "mx.site.example",
				.file_name = "f.xml.gz",
				.gzip = TEXT("0123456789"),
				.destination = 7,
				.now_s = 1795327628};
}

static const char *
write_mail(void **state, const struct compose *compose)
{
	struct buf mail;
	struct why why;

	buf_init(&mail, *state, 1 << 20);
	if (!compose_mail(*state, compose, &mail, &why))
		fail_msg("%s", why.text);
	return buf_cstring(&mail);
}

static void
header_and_parts(void **state)
{
	struct compose compose = sample();
	const char *mail = write_mail(state, &compose);

	assert_non_null(strstr(mail, "From: \"Site\"\r\n <r@site.example>\r\n"
				     "To: <d@a.example>\r\n"
				     "Subject: Report Domain: a.example\r\n"
				     " Submitter: site.example\r\n"
				     " Report-ID: <2026112100abc>\r\n"
				     "Date: Sun, 22 Nov 2026 06:07:08 +0000\r\n"
				     "Message-ID: <2026112100abc.7@site."
				     "example>\r\n"));
	assert_non_null(strstr(mail, "\r\n\r\nMDEyMzQ1Njc4OQ==\r\n--=_"));
	assert_non_null(strstr(mail, "2026-11-21T00:00:00Z to "
				     "2026-11-22T00:00:00Z (UTC)"));
	assert_string_equal(write_mail(state, &compose), mail);
}

static void
item_33_lines_of_a_report(void **state)
{
	struct compose compose = sample();
	const char *line, *end;

	compose.gzip = text_of(arena_alloc(*state, 5000), 5000);
	line = write_mail(state, &compose);
	for (; *line != '\0'; line = end + 2) {
		end = strstr(line, "\r\n");
		assert_non_null(end);
		assert_null(memchr(line, '\n', (size_t)(end - line)));
		assert_true(end - line < 200);
	}
}

static void
names_of_any_bytes(void **state)
{
	struct compose compose = sample();

	compose.organization = "a \"b\" \\ \r\nBcc: x@y.example";
	assert_non_null(
	    strstr(write_mail(state, &compose),
		   "From: \"a \\\"b\\\" \\\\   Bcc: x@y.example\""));
	compose.organization = "B\xc3\xbc"
			       "cher";
	assert_non_null(strstr(write_mail(state, &compose),
			       "From: =?utf-8?B?QsO8Y2hlcg==?=\r\n"));
}

static void
too_large_is_told(void **state)
{
	struct compose compose = sample();
	struct buf mail;
	struct why why;

	buf_init(&mail, *state, 500);
	assert_false(compose_mail(*state, &compose, &mail, &why));
	assert_string_equal(why.text, "the mail is above 500 bytes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(header_and_parts),
	    arena_unit_test(item_33_lines_of_a_report),
	    arena_unit_test(names_of_any_bytes),
	    arena_unit_test(too_large_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
