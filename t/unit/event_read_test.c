#include "unit.h"

#include "base/buf.h"
#include "base/why.h"
#include "dovecot-plugin/event_fields.h"
#include "dovecot-plugin/event_read.h"
#include "dovecot-plugin/question.h"

/* 2026-11-22T07:00:00.000001Z */
#define NAME "T-1795330800000001-17-0123456789abcdef0123456789abcdef"
#define HEAD "signet-event 1\nuser=a@example.com\n"
#define MOVE HEAD "kind=move\nfrom_class=inbox\nto_class=junk\n"

static struct arena *arena;

static bool
reads(const char *bytes, struct mailbox_event *event, struct why *why)
{
	return event_read(arena, TEXT(NAME), text_from(bytes), event, why);
}

static void
refuses(const char *bytes, const char *because)
{
	struct mailbox_event event;
	struct why why;

	assert_false(reads(bytes, &event, &why));
	if (strstr(why.text, because) == NULL)
		fail_msg("\"%s\" is not about \"%s\"", why.text, because);
}

static void
a_move(void **state)
{
	struct mailbox_event event;
	struct why why;

	(void)state;
	if (!reads(MOVE "from=INBOX\nto=Junk%20E-Mail\nuid=7\nsize=500\n"
			"at=2026-11-22T07:00:00.000001Z\nsession=x+y\n"
			"from_guid=0a\nto_guid=0b\njunk=1\nnotjunk=0\n"
			"\nSubject: a=b%41\n\nbody\n",
		   &event, &why))
		fail_msg("%s", why.text);
	assert_int_equal(event.kind, EVENT_MOVE);
	assert_text(event.id, "0123456789abcdef0123456789abcdef");
	assert_int_equal(event.at_us, 1795330800000001);
	assert_text(event.user, "a@example.com");
	assert_text(event.to, "Junk E-Mail");
	assert_int_equal(event.from_class, MAILBOX_INBOX);
	assert_int_equal(event.to_class, MAILBOX_JUNK);
	assert_int_equal(event.uid, 7);
	assert_int_equal(event.size, 500);
	assert_true(event.junk);
	assert_false(event.notjunk || event.old_junk || event.is_header);
	assert_text(event.message, "Subject: a=b%41\n\nbody\n");
}

static void
every_kind(void **state)
{
	struct mailbox_event event;

	(void)state;
	assert_true(reads(HEAD "kind=append\nto_class=junk\npart=header\n\nx",
			  &event, NULL));
	assert_true(event.is_header);
	assert_int_equal(event.size, 1);
	assert_true(reads(HEAD "kind=keyword\nold_junk=1\n\nx", &event, NULL));
	assert_true(event.old_junk);
	assert_true(reads(HEAD "kind=rename\nfrom=a\nto=b\n\n", &event, NULL));
	assert_true(reads(HEAD "kind=delete\nfrom=a\n\n", &event, NULL));
	assert_true(reads(HEAD "kind=quota\nroot=User%20quota\nbytes=1\n"
			       "bytes_limit=2\nmessages=3\n\n",
			  &event, NULL));
	assert_int_equal(event.quota.bytes, 1);
	assert_int_equal(event.quota.bytes_limit, 2);
	assert_int_equal(event.quota.messages, 3);
	assert_int_equal(event.quota.messages_limit, 0);
	assert_string_equal(event_kind_word(event.kind), "quota");
}

static void
what_is_no_event(void **state)
{
	(void)state;
	refuses("", "begin");
	refuses("signet-event 2\n\n", "begin");
	refuses("signet-event 1", "begin");
	refuses(MOVE, "cut short");
	refuses(MOVE "\n", "message is missing");
	refuses(HEAD "kind=fly\n\nx", "kind=");
	refuses("signet-event 1\nkind=delete\nfrom=a\n\n", "user=");
	refuses("signet-event 1\nuser=\nkind=delete\nfrom=a\n\n", "user=");
	refuses(HEAD "user=b\n\n", "twice");
	refuses(HEAD "no line\n\n", "name=value");
	refuses(HEAD "=x\n\n", "name=value");
	refuses(HEAD "to=%4\n\n", "hexadecimal");
	refuses(HEAD "to=%zz\n\n", "hexadecimal");
	refuses(HEAD "to=%00\n\n", "zero");
	refuses(HEAD "to=%FF\n\n", "UTF-8");
	refuses(HEAD "kind=delete\nfrom=a%0Ab\n\n", "control");
	refuses(HEAD "kind=move\nfrom_class=moon\n\nx", "class");
	refuses(HEAD "kind=move\nto_class=junk\n\nx", "from_class");
	refuses(HEAD "kind=rename\nfrom=a\n\n", "to=");
	refuses(HEAD "kind=quota\nroot=\nbytes=-1\n\n", "bytes=");
	refuses(HEAD "kind=quota\nroot=\nbytes=99999999999999999999\n\n",
		"bytes=");
	refuses(MOVE "size=1\n\nlonger", "size=");
	refuses(MOVE "at=yesterday\n\nx", "at=");
	refuses(MOVE "at=2026-11-22T07:00:01Z\n\nx", "at=");
}

static void
bounds(void **state)
{
	struct buf bytes;
	unsigned i;

	(void)state;
	buf_init(&bytes, arena, 1u << 20);
	buf_string(&bytes, HEAD "to=");
	for (i = 0; i <= EVENT_FIELD_BYTES; i++)
		buf_char(&bytes, 'x');
	buf_string(&bytes, "\n\n");
	refuses(buf_cstring(&bytes), "too long");
	buf_init(&bytes, arena, 1u << 20);
	buf_string(&bytes, HEAD);
	for (i = 0; i < EVENT_FIELDS_MOST; i++)
		buf_printf(&bytes, "x%c%c=\n", 'a' + i / 26, 'a' + i % 26);
	refuses(buf_cstring(&bytes), "more than");
}

static void
names(void **state)
{
	static const char *const bad[] = {
	    "",
	    "T-",
	    ".tmp-1795330800000001-17-0123456789abcdef0123456789abcdef",
	    "T-179533080000001-17-0123456789abcdef0123456789abcdef",
	    "T-1795330800000001-0123456789abcdef0123456789abcdef",
	    "T-1795330800000001-17-0123456789ABCDEF0123456789abcdef",
	    "T-1795330800000001-17-0123456789abcdef0123456789abcde",
	    "T-1795330800000001-17-0123456789abcdef0123456789abcdef0",
	    "T-9999999999999999999-17-0123456789abcdef0123456789abcdef",
	};
	struct text id;
	int64_t at_us;
	size_t i;

	(void)state;
	assert_true(event_name_read(TEXT(NAME), &at_us, &id));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(event_name_read(text_from(bad[i]), &at_us, &id));
}

static void
questions(void **state)
{
	struct question question;
	struct answer answer = {.verdict = "junk"};
	struct buf to;

	(void)state;
	assert_true(question_read(
	    arena,
	    TEXT("signet-deliver 1\nuser=a%20b\nmailbox=INBOX\nfrom=\n"
		 "to=x@example.com\nsize=9\n\nSubject: x\n"),
	    &question, NULL));
	assert_text(question.user, "a b");
	assert_text(question.message, "Subject: x\n");
	assert_int_equal(question.size, 9);
	assert_false(question_read(arena, TEXT("signet-deliver 1\n\n"),
				   &question, NULL));
	assert_false(question_read(arena, TEXT("signet-event 1\nuser=a\n\n"),
				   &question, NULL));
	answer.mailbox = TEXT("Junk 1%");
	answer.remove_rejects = true;
	answer_add_keyword(&answer, TEXT("$Junk"));
	answer_add_header(&answer, TEXT("X-Signet-Junk: yes"));
	buf_init(&to, arena, 1000);
	answer_write(&answer, &to);
	assert_string_equal(buf_cstring(&to),
			    "signet-answer 1\nmailbox=Junk%201%25\n"
			    "keyword=$Junk\nheader=X-Signet-Junk:%20yes\n"
			    "verdict=junk\nremove_rejects=1\n\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_move),
	    cmocka_unit_test(every_kind),
	    cmocka_unit_test(what_is_no_event),
	    cmocka_unit_test(bounds),
	    cmocka_unit_test(names),
	    cmocka_unit_test(questions),
	};
	int failed;

	arena = arena_new();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
