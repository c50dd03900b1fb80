#include "unit.h"

#include "dovecot-plugin/mailbox_settings.h"
#include "dovecot-plugin/mailbox_tagged.h"

/* Where a message with these fields goes: "mailbox verdict", or "-". */
static struct text
filed(struct arena *arena, const char *mailbox, const char *fields)
{
	struct mailbox_settings settings = {.tagged_mailbox = mailbox};
	struct answer answer = {.remove_rejects = true};
	struct message header;
	struct delivery delivery = {.header = &header, .settings = &settings};

	message_init(&header, arena);
	message_parse(&header, text_from(fields));
	if (!mailbox_tagged.judge(NULL, arena, &delivery, &answer)) {
		assert_true(answer.remove_rejects);
		return TEXT("-");
	}
	assert_false(answer.remove_rejects);
	return text_from(arena_printf(
	    arena, TEXT_FMT " %s", TEXT_ARG(answer.mailbox), answer.verdict));
}

static void
tagged_ones_are_filed(void **state)
{
	assert_text(filed(*state, "Rejects",
			  "X-Signet-Verdict: quarantine; reason=dmarc\r\n\r\n"),
		    "Rejects rejects");
	assert_text(filed(*state, "Rejects",
			  "x-signet-verdict:\r\n quarantine\r\n\r\n"),
		    "Rejects rejects");
}

static void
others_are_not(void **state)
{
	static const char *const fields[] = {
	    "Subject: quarantine\r\n\r\n",
	    "X-Signet-Verdict: none\r\n\r\n",
	    "X-Signet-Verdict: quarantined\r\n\r\n",
	    "X-Signet-Verdict:\r\n\r\n",
	    "\r\nX-Signet-Verdict: quarantine\r\n\r\n",
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		assert_text(filed(*state, "Rejects", fields[i]), "-");
	assert_text(filed(*state, NULL, "X-Signet-Verdict: quarantine\r\n\r\n"),
		    "-");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(tagged_ones_are_filed),
	    arena_unit_test(others_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
