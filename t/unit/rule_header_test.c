#include "unit.h"

#include "dovecot-plugin/rule_header.h"

/* "list address|dmarc verified..."; "?" for a list without a name. */
static struct text
describe(struct arena *arena, const char *fields)
{
	struct rule_message message;
	struct verified verified;
	struct message header;

	message_init(&header, arena);
	message_parse(&header, text_from(fields));
	verified_read(arena, &header, TEXT("mx.example"), &verified);
	rule_header_read(arena, &header, &verified, &message);
	return text_from(arena_printf(
	    arena, TEXT_FMT "%s " TEXT_FMT "|" TEXT_FMT " %zu",
	    TEXT_ARG(message.list_id),
	    message.has_list && message.list_id.len == 0 ? "?" : "",
	    TEXT_ARG(message.address), TEXT_ARG(message.dmarc.name),
	    message.verified_count));
}

static void
finds_list_and_author(void **state)
{
	assert_text(describe(*state, "Authentication-Results: mx.example; "
				     "dmarc=pass header.from=a.example; "
				     "dkim=pass header.d=b.example\r\n"
				     "From: Alice <Alice@A.example>\r\n"
				     "List-Id: Talk <Talk.b.example>\r\n\r\n"),
		    "talk.b.example alice@a.example|a.example 1");
	assert_text(describe(*state, "From: =?utf-8?q?=C3=A4?= <a@b.c>\n\n"),
		    " a@b.c| 0");
	assert_text(describe(*state, "Subject: x\r\n\r\n"), " | 0");
}

static void
what_is_in_doubt_names_nobody(void **state)
{
	static const char *const fields[] = {
	    "From: a@b.example\r\nFrom: a@b.example\r\n\r\n",
	    "From: a@b.example, c@b.example\r\n\r\n",
	    "From: a@b.example, c@d.example\r\n\r\n",
	    "From: \"a b\"@b.example\r\n\r\n",
	    "From: \"a@x\"@b.example\r\n\r\n",
	    "From: \xff@b.example\r\n\r\n",
	    "From: a@[192.0.2.1]\r\n\r\n",
	    "From: \"\"@b.example\r\n\r\n",
	    "From: undisclosed:;\r\n\r\n",
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		assert_text(describe(*state, fields[i]), " | 0");
	assert_text(describe(*state, "List-Id: <a.example>\r\n"
				     "List-Id: <a.example>\r\n\r\n"),
		    "? | 0");
	assert_text(describe(*state, "List-Id: my list\r\n\r\n"), "? | 0");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(finds_list_and_author),
	    arena_unit_test(what_is_in_doubt_names_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
