#include "unit.h"

#include "base/buf.h"
#include "base/why.h"
#include "mailauth/message.h"
#include "mailauth/tls_report_mail.h"
#include "tlsrpt-collector/tls_compose.h"

static struct tls_compose
sample(void)
{
	return (struct tls_compose){.policy_domain = TEXT("a.example"),
				    .submitter = TEXT("site.example"),
				    .report_id = TEXT("20261121abc"),
				    .begin = 1795219200,
				    .end = 1795305600,
				    .organization = "S\303\274d",
				    .from = "r@site.example",
				    .to = "t@a.example",
				    .contact = "c@site.example",
				    .host = "mx.site.example",
				    .file_name = "f.json.gz",
				    .gzip = TEXT("0123456789"),
				    .destination = 7,
				    .now_s = 1795327628};
}

static void
header_and_parts(void **state)
{
	struct tls_compose compose = sample();
	struct message message;
	struct buf mail;
	const char *text;

	buf_init(&mail, *state, 1 << 20);
	assert_true(tls_compose_mail(*state, &compose, &mail, NULL));
	text = buf_cstring(&mail);
	assert_non_null(
	    strstr(text, "From: =?utf-8?B?U8O8ZA==?=\r\n <r@site.example>\r\n"
			 "To: <t@a.example>\r\n"
			 "Subject: Report Domain: a.example\r\n"
			 " Submitter: site.example\r\n"
			 " Report-ID: <20261121abc>\r\n"
			 "TLS-Report-Domain: a.example\r\n"
			 "TLS-Report-Submitter: site.example\r\n"
			 "TLS-Required: No\r\n"
			 "Date: Sun, 22 Nov 2026 06:07:08 +0000\r\n"
			 "Message-ID: <20261121abc.7@site.example>\r\n"));
	assert_non_null(strstr(text, "\r\nContent-Type: application/tlsrpt+gzip"
				     ";\r\n name=\"f.json.gz\"\r\n"));
	assert_non_null(strstr(text, "\r\n\r\nMDEyMzQ1Njc4OQ==\r\n--=_"));
	assert_non_null(strstr(text, "2026-11-21T00:00:00Z to "
				     "2026-11-22T00:00:00Z (UTC)"));
	message_init(&message, *state);
	message_parse(&message, buf_view(&mail));
	assert_true(tls_report_mail_is(&message));
}

static void
too_large(void **state)
{
	struct tls_compose compose = sample();
	struct buf mail;
	struct why why;

	buf_init(&mail, *state, 900);
	assert_false(tls_compose_mail(*state, &compose, &mail, &why));
	assert_string_equal(why.text, "the mail is above 900 bytes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(header_and_parts),
	    arena_unit_test(too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
