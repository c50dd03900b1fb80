#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "mailauth/message.h"
#include "mailauth/redact.h"

static const struct text key = TEXT_INIT("a key that nobody knows");

static struct text
text_redacted(void **state, const char *text)
{
	return redact_text(*state, key, text_from(text));
}

static char *
token(void **state, const char *local)
{
	return text_string(*state, redact_local(*state, key, text_from(local)));
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

static void
the_same_local_part_has_the_same_token(void **state)
{
	assert_text(redact_local(*state, key, TEXT("Mary")),
		    token(state, "mary"));
	assert_int_equal(strlen(token(state, "mary")), REDACT_TOKEN_CHARS);
	assert_int_equal(
	    strspn(token(state, "mary"), "abcdefghijklmnopqrstuvwxyz234567"),
	    REDACT_TOKEN_CHARS);
	assert_string_not_equal(token(state, "mary"), token(state, "marx"));
	assert_false(
	    text_equal(redact_local(*state, TEXT("another key"), TEXT("mary")),
		       redact_local(*state, key, TEXT("mary"))));
}

static void
addresses(void **state)
{
	const char *mary = token(state, "mary");

	assert_text(redact_address(*state, key, TEXT("mary@example.com")),
		    arena_printf(*state, "%s@example.com", mary));
	assert_text(redact_address(*state, key, TEXT("")), "");
	assert_text(redact_address(*state, key, TEXT("mary")), mary);
	assert_text(redact_address(*state, key, TEXT("mary@a b\r\n.c\xff")),
		    arena_printf(*state, "%s@a?b??.c?", mary));
	assert_text(redact_address(*state, key, TEXT("mary@")),
		    arena_printf(*state, "%s@", mary));
	assert_text(redact_address(*state, key, TEXT("@x.example")),
		    arena_printf(*state, "%s@x.example", token(state, "")));
}

/* What must not be seen afterwards is "mary" or "secret". */
static void
item_41_nothing_of_an_address_is_left(void **state)
{
	static const char *const texts[] = {
	    "Mary <mary@example.com>",
	    "<MARY@example.com>",
	    "\"mary jones\"@example.com",
	    "for mary@example.com, thanks",
	    "mary+list@example.com",
	    "list-mary=example.com@lists.example",
	    "=?utf-8?B?bWFyeUBleGFtcGxlLmNvbQ==?=",
	    "=?utf-8?Q?mary=40example.com?=",
	    "=?utf-8?q?mary?= =?utf-8?q?=40example.com?=",
	    "=?utf-16?B?AG0AYQByAHkAQAB4AC4AYwA=?=",
	    "mary%40example.com",
	    "mary\357\274\240example.com",
	    "http://example.com/unsubscribe?u=mary",
	    "https://mary:secret@example.com/",
	    "HTTPS://example.com?secret",
	    "see:http://example.com#secret",
	    "www.example.com/mary",
	    "example.com/a/secret",
	    "ftp://example.com/secret",
	    "mary@example.com/secret",
	    "mailto:mary@example.com?subject=secret@x",
	    "(http://example.com/secret(mary))",
	    "x\\mary@example.com",
	    "http://example.com\\secret",
	    "mary@b@example.com",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct text got = text_redacted(state, texts[i]);

		/* a display name is no address */
		if (i > 0 && contains(got, "mary"))
			fail_msg("%s: " TEXT_FMT, texts[i], TEXT_ARG(got));
		if (contains(got, "secret") || contains(got, "http") ||
		    contains(got, "mary@"))
			fail_msg("%s: " TEXT_FMT, texts[i], TEXT_ARG(got));
	}
}

static void
what_stays(void **state)
{
	assert_text(text_redacted(state, "Your invoice of 10/12/2026, no. 5"),
		    "Your invoice of 10/12/2026, no. 5");
	assert_text(text_redacted(state, "see http://evil.example:8080/a b"),
		    "see hxxp://evil.example:8080/... b");
	assert_text(text_redacted(state, "https://evil.example"),
		    "hxxps://evil.example");
	assert_text(text_redacted(state, "\x01gr\xc3\xbc\xc3\x9f e\x7f"),
		    "?gr???? e?");
	assert_text(text_redacted(state, "=?iso-8859-1?Q?a_b?= c"), "a b c");
	assert_text(text_redacted(state, ""), "");
}

static void
a_cut_leaves_no_half_address(void **state)
{
	struct buf buf;
	struct text got;

	buf_init(&buf, *state, 10000);
	for (int i = 0; i < 4090; i++)
		buf_char(&buf, i % 10 == 9 ? ' ' : 'x');
	buf_string(&buf, "mary.jones@example.com and more");
	got = redact_text(*state, key, buf_view(&buf));
	assert_false(contains(got, "mary"));
	buf_clear(&buf);
	for (int i = 0; i < 5000; i++)
		buf_char(&buf, 'x');
	assert_text(redact_text(*state, key, buf_view(&buf)), "");
}

static struct text
header_redacted(void **state, const char *raw, size_t most)
{
	struct message message;
	struct buf to;

	message_init(&message, *state);
	message_parse(&message, text_from(raw));
	buf_init(&to, *state, LIMIT_REDACTED_BYTES);
	redact_header(*state, key, &message, most, &to);
	return buf_view(&to);
}

static void
item_41_a_whole_header(void **state)
{
	struct text got = header_redacted(
	    state,
	    "Return-Path: <list-mary=example.org@lists.example>\r\n"
	    "Delivered-To: mary@example.org\r\n"
	    "X-Original-To: mary@example.org\r\n"
	    "Received: from mx.example.net (host.example.net [192.0.2.1])\r\n"
	    "\t(Authenticated sender: mary@example.net)\r\n"
	    "\tby mail.example.org (Postfix) with ESMTPS id 4XSECRET\r\n"
	    "\tfor <mary@example.org>; Sun, 22 Nov 2026 09:00:00 +0000 "
	    "(UTC)\r\n"
	    "Authentication-Results: x; smtp.rcptto=mary@example.org\r\n"
	    "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s1;\r\n"
	    "\ti=mary@example.com; z=To:mary@example.org;\r\n"
	    "\th=From:To; bh=QUJD\r\n REVG; b=MTIz\r\n"
	    "From: \"Support\" <mary@example.com>\r\n"
	    "To: \"Mary Jones\" <mary@example.org>, a@x.example\r\n"
	    "Cc: undisclosed-recipients:;\r\n"
	    "Bcc: mary@example.org\r\n"
	    "Subject: Hello mary@example.org: http://evil.example/mary\r\n"
	    "Date: Sun, 22 Nov 2026 09:00:00 +0000\r\n"
	    "Message-ID: <1234@example.com>\r\n"
	    "List-Unsubscribe: <mailto:leave-mary@lists.example>\r\n"
	    "Content-Type: application/pdf; name=\"mary.pdf\"\r\n"
	    "X-Secret: mary\r\n"
	    "\r\n",
	    LIMIT_REDACTED_BYTES);
	const char *mary = token(state, "mary");

	assert_text(
	    got,
	    arena_printf(
		*state,
		"Received: from mx.example.net ([192.0.2.1]) by "
		"mail.example.org; Sun, 22 Nov\r\n 2026 09:00:00 +0000\r\n"
		"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s1;\r\n "
		"i=%s@example.com; h=From:To; bh=QUJDREVG; b=MTIz\r\n"
		"From: \"Support\" <%s@example.com>\r\n"
		"To: %s@example.org, %s@x.example\r\n"
		"Cc:\r\n"
		"Subject: Hello %s@example.org: hxxp://evil.example/...\r\n"
		"Date: Sun, 22 Nov 2026 09:00:00 +0000\r\n"
		"Message-ID: <1234@example.com>\r\n"
		"Content-Type: application/pdf\r\n",
		mary, mary, mary, token(state, "a"), mary));
}

static void
fields_of_others_making(void **state)
{
	assert_text(header_redacted(state,
				    "Received: (mary) by mary@x (mary)\r\n"
				    "DKIM-Signature: mary\r\n"
				    "To: mary, mary@\r\n"
				    "Message-ID: <to-mary=x.example@y>\r\n"
				    "Content-Type: (mary) text/plain\r\n\r\n",
				    4000),
		    arena_printf(*state,
				 "Received: ;\r\n"
				 "DKIM-Signature: (not readable)\r\n"
				 "To: (not readable)\r\n"
				 "Message-ID: <%s@y>\r\n"
				 "Content-Type:\r\n",
				 token(state, "to-mary=x.example")));
}

static void
a_long_list_and_long_lines(void **state)
{
	struct buf raw;
	struct text got;
	size_t line = 0;

	buf_init(&raw, *state, 1u << 20);
	buf_string(&raw, "To: a1@x.example");
	for (int i = 2; i <= 20; i++)
		buf_printf(&raw, ",\r\n a%d@x.example", i);
	buf_string(&raw, "\r\nSubject: ");
	for (int i = 0; i < 3000; i++)
		buf_char(&raw, 'x');
	buf_string(&raw, "\r\n\r\n");
	got = header_redacted(state, buf_cstring(&raw), LIMIT_REDACTED_BYTES);
	assert_true(contains(got, "(15 more)"));
	for (size_t i = 0; i < got.len; i++) {
		line = got.at[i] == '\n' ? 0 : line + 1;
		assert_true(line < 998);
	}
}

static void
room(void **state)
{
	static const char raw[] = "From: a@x.example\r\nTo: b@x.example\r\n"
				  "Date: x\r\n\r\n";
	size_t whole = header_redacted(state, raw, 1000).len;

	assert_int_equal(header_redacted(state, raw, whole).len, whole);
	assert_int_equal(header_redacted(state, raw, whole - 1).len,
			 whole - strlen("Date: x\r\n"));
	assert_int_equal(header_redacted(state, raw, 10).len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(the_same_local_part_has_the_same_token),
	    arena_unit_test(addresses),
	    arena_unit_test(item_41_nothing_of_an_address_is_left),
	    arena_unit_test(what_stays),
	    arena_unit_test(a_cut_leaves_no_half_address),
	    arena_unit_test(item_41_a_whole_header),
	    arena_unit_test(fields_of_others_making),
	    arena_unit_test(a_long_list_and_long_lines),
	    arena_unit_test(room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
