#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mime.h"
#include "base/why.h"

static struct mime_parts
parsed(struct arena *arena, struct text message)
{
	struct mime_parts parts;
	struct why why;

	if (!mime_parse(arena, message, &parts, &why))
		fail_msg("%s", why.text);
	return parts;
}

static void
one_part(void **state)
{
	struct mime_parts parts = parsed(
	    *state, TEXT("From: a@b.example\r\n"
			 "Content-Type: Application/GZIP; name=\"r.xml.gz\"\r\n"
			 "Content-Transfer-Encoding: base64\r\n\r\nSGVs\r\n"
			 "bG8=\r\n"));

	assert_int_equal(parts.count, 1);
	assert_text(parts.first->type, "application/gzip");
	assert_text(parts.first->name, "r.xml.gz");
	assert_text(parts.first->bytes, "Hello");
	assert_int_equal(parts.first->depth, 1);
	assert_null(parts.left_out);
}

static void
a_message_without_mime(void **state)
{
	struct mime_parts parts =
	    parsed(*state, TEXT("From x@y Mon Jan  1 00:00:00 2026\n"
				"Subject: s\n\nbody\n"));

	assert_int_equal(parts.count, 1);
	assert_text(parts.first->type, "text/plain");
	assert_text(parts.first->name, "");
	assert_text(parts.first->bytes, "body\n");
}

static void
parts_in_order(void **state)
{
	struct mime_parts parts = parsed(
	    *state,
	    TEXT("Content-Type: multipart/mixed; boundary=b\n\npreamble\n"
		 "--b\n\nhello\n--b\n"
		 "Content-Type: multipart/alternative; boundary=c\n\n"
		 "--c\nContent-Type: text/html\n\n<p>\n--c--\n"
		 "--b\nContent-Type: application/octet-stream\n"
		 "Content-Disposition: attachment;\n"
		 " filename*=utf-8''r%C3%BC.xml\n"
		 "Content-Transfer-Encoding: quoted-printable\n\na=3Db\n"
		 "--b--\n"));
	const struct mime_part *part = parts.first;

	assert_int_equal(parts.count, 3);
	assert_text(part->bytes, "hello");
	assert_text(part->next->type, "text/html");
	assert_int_equal(part->next->depth, 3);
	part = part->next->next;
	assert_text(part->name, "r\xc3\xbc.xml");
	assert_text(part->bytes, "a=b");
	assert_int_equal(part->depth, 2);
	assert_false(part->inner);
}

static void
a_message_within(void **state)
{
	struct mime_parts parts = parsed(
	    *state,
	    TEXT("Content-Type: multipart/report; report-type=Delivery-Status;"
		 " boundary=b\n\n--b\nContent-Type: message/delivery-status\n"
		 "\nReporting-MTA: dns; mx\n\nStatus: 5.1.1\n"
		 "--b\nContent-Type: message/rfc822\n\nSubject: inner\n"
		 "Content-Type: text/xml\n\n<feedback/>\n--b--\n"));
	const struct mime_part *part = parts.first;

	assert_text(parts.report_type, "delivery-status");
	assert_int_equal(parts.count, 3);
	assert_text(part->type, "message/delivery-status");
	assert_text(part->bytes, "Reporting-MTA: dns; mx\n\nStatus: 5.1.1");
	part = part->next;
	assert_text(part->type, "message/rfc822");
	assert_true(text_starts(part->bytes, TEXT("Subject: inner\n")));
	assert_false(part->inner);
	part = part->next;
	assert_text(part->type, "text/xml");
	assert_text(part->bytes, "<feedback/>");
	assert_true(part->inner);
}

static struct buf
begin(struct arena *arena, const char *string)
{
	struct buf buf;

	buf_init(&buf, arena, 30u << 20);
	buf_string(&buf, string);
	return buf;
}

/* item_37: 5000 levels cost little, and the first ones are handed out. */
static void
deep_nesting(void **state)
{
	struct buf buf = begin(*state, "MIME-Version: 1.0\n");
	struct mime_parts parts;
	unsigned i;

	for (i = 0; i < 5000; i++)
		buf_printf(&buf,
			   "Content-Type: multipart/mixed; boundary=b%u\n\n"
			   "--b%u\n",
			   i, i);
	parts = parsed(*state, buf_view(&buf));
	assert_int_equal(parts.count, 0);
	assert_string_equal(parts.left_out, "parts are nested too deep");
	buf = begin(*state, "");
	for (i = 0; i < 5000; i++)
		buf_string(&buf, "Content-Type: message/rfc822\n\n");
	parts = parsed(*state, buf_view(&buf));
	assert_int_equal(parts.count, LIMIT_MIME_DEPTH);
	assert_non_null(parts.left_out);
}

static void
many_parts(void **state)
{
	struct buf buf =
	    begin(*state, "Content-Type: multipart/mixed; boundary=b\n\n");
	struct mime_parts parts;
	struct why why;
	unsigned i;

	for (i = 0; i < 1000; i++)
		buf_string(&buf, "--b\n\nx\n");
	parts = parsed(*state, buf_view(&buf));
	assert_int_equal(parts.count, LIMIT_MIME_PARTS);
	assert_string_equal(parts.left_out, "too many parts");
	for (; i <= LIMIT_MIME_LINES; i++)
		buf_string(&buf, "--b\n\nx\n");
	assert_false(mime_parse(*state, buf_view(&buf), &parts, &why));
	assert_non_null(strstr(why.text, "boundaries and header fields"));
	buf = begin(*state, "");
	for (i = 0; i <= LIMIT_MIME_LINES; i++)
		buf_string(&buf, "x: y\n");
	assert_false(mime_parse(*state, buf_view(&buf), &parts, &why));
}

static void
broken_messages(void **state)
{
	struct mime_parts parts;
	struct why why;

	assert_false(mime_parse(*state, TEXT(""), &parts, &why));
	assert_string_equal(why.text, "the message is empty");
	assert_false(mime_parse(*state, TEXT("From only\n"), &parts, &why));
	/* no end of the multipart, no end of the base64 */
	parts = parsed(*state,
		       TEXT("Content-Type: multipart/mixed; boundary=b\n\n"
			    "--b\nContent-Transfer-Encoding: base64\n\nSGVsb"));
	assert_int_equal(parts.count, 1);
	assert_true(text_starts(parts.first->bytes, TEXT("Hel")));
	/* no boundary, an encoding that nobody knows */
	parsed(*state, TEXT("Content-Type: multipart/mixed\n\nx\n"));
	parts =
	    parsed(*state, TEXT("Content-Transfer-Encoding: rot13\n\nuryyb\n"));
	assert_text(parts.first->bytes, "uryyb\n");
	mime_parse(*state, text_of("\0\0\xff", 3), &parts, NULL);
	assert_int_equal(parts.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(one_part),
	    arena_unit_test(a_message_without_mime),
	    arena_unit_test(parts_in_order),
	    arena_unit_test(a_message_within),
	    arena_unit_test(deep_nesting),
	    arena_unit_test(many_parts),
	    arena_unit_test(broken_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
