#include "unit.h"

#include "mailauth/sendmail_form.h"

/* What Sendmail 8.17 and 8.18 made of these. */
static const struct {
	const char *name, *before, *after;
} forms[] = {
    {"From", " ann@site.example", " ann@site.example"},
    {"From", " O'Neil J. Smith <ann@site.example>",
     " \"O'Neil J. Smith\" <ann@site.example>"},
    {"From", " \"John Q. Public\" <a@b.example>",
     " \"John Q. Public\" <a@b.example>"},
    {"From", "Bob   Brown<a@b.example>", "Bob   Brown<a@b.example>"},
    {"From", " J.\r\n\tSmith <a@b.example>", " \"J.\tSmith\" <a@b.example>"},
    {"Cc", "bob@far.example(Bob)", "bob@far.example (Bob)"},
    {"Cc", " Bob [x] <a@b.example>", " \"Bob [x]\" <a@b.example>"},
    {"Cc", " Bob @ Home <a@b.example>", " \"Bob @ Home\" <a@b.example>"},
    {"Cc", " Bob (a. c) Brown <a@b.example> (tail)",
     " Bob (a. c) Brown <a@b.example> (tail)"},
    {"Cc", " \"A\" B <a@b.example>", " \"A\" B <a@b.example>"},
    {"Cc", "\t \r\n a@b.example", "    a@b.example"},
    {"Cc", " Bob\r\n\tFolded\r\n\t<a@b.example>",
     " Bob\r\n\tFolded\r\n\t<a@b.example>"},
    {"Cc", " grp:x@a.example,y@bb.example;", " grp:x@a.example, y@bb.example;"},
    {"Cc", " undisclosed-recipients:;", " undisclosed-recipients:;"},
    {"Cc", " < a@b.example >", " <a@b.example>"},
    {"Cc", " a@FAR.example.", " a@FAR.example"},
    {"Cc", " a@far.example...", " a@far.example"},
    {"Cc", " a@eight.example.. (Bob)", " a@eight.example (Bob)"},
    {"Cc", " X <a@far.example..>", " X <a@far.example>"},
    {"Cc", " a@[192.0.2.1]..", " a@[192.0.2.1]"},
    {"Cc", " a@[192.0]12..", " a@[192.0]12"},
    {"Cc", " a.@far.example", " a.@far.example"},
    {"Cc", " a@far..example", " a@far..example"},
    {"Cc", " a@...", " a@."},
    {"Cc", " <a@..>", " <a@.>"},
    {"Cc", " @..", " @."},
    {"Cc", " \"Last, First\" <a@b.example>,c@d.example",
     " \"Last, First\" <a@b.example>, c@d.example"},
    {"Cc", " a@b.example, , c@d.example,", " a@b.example, c@d.example"},
    {"Cc", " \"quoted local\"@b.example", " \"quoted local\"@b.example"},
    {"Cc", " ", " "},
    {"Cc", "", ""},
    /* 78 bytes fit, a comma more does not count */
    {"Cc",
     " aaaaaaaaaaaaaaaaaaaaaaa@far.example, bbbbbbbbbbbbbbbbbbbbbbbbb@far."
     "example,ccccccccccccccccccccccccccccccc@far.example",
     " aaaaaaaaaaaaaaaaaaaaaaa@far.example, bbbbbbbbbbbbbbbbbbbbbbbbb@far."
     "example,\r\n        ccccccccccccccccccccccccccccccc@far.example"},
    {"Cc",
     " =?utf-8?Q?J=C3=B6rg?= <a@far.example>, =?utf-8?B?SsO2cmc=?=\r\n"
     "\t=?utf-8?B?SsO2cmc=?= <b@far.example>",
     " =?utf-8?Q?J=C3=B6rg?= <a@far.example>,\r\n        "
     "=?utf-8?B?SsO2cmc=?=\r\n\t=?utf-8?B?SsO2cmc=?= <b@far.example>"},
};

static void
one_field(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct text name = text_from(forms[i].name);
		struct text after = sendmail_addresses(
		    *state, name, text_from(forms[i].before));

		assert_text(after, forms[i].after);
		after = sendmail_addresses(*state, name, after);
		assert_text(after, forms[i].after);
	}
}

static void
form_of(struct arena *arena, const char *header, struct sendmail_form *form)
{
	struct message *message = arena_new_value(arena, struct message);

	message_init(message, arena);
	message_parse(message, text_from(header));
	sendmail_form(arena, message, TEXT("today"), TEXT("<1@h>"), form);
}

static void
what_is_missing(void **state)
{
	struct sendmail_form form;

	form_of(*state, "From: a@b.example\n\n", &form);
	assert_int_equal(form.count, 2);
	assert_text(form.changes[0].name, "Date");
	assert_text(form.changes[0].value, " today");
	assert_int_equal(form.changes[0].number, 0);
	assert_text(form.changes[1].name, "Message-Id");
	assert_int_equal(form.sent->count, 3);
	form_of(*state, "DATE: x\nMessage-ID: <y>\n\n", &form);
	assert_int_equal(form.count, 0);
}

static void
changes_have_numbers(void **state)
{
	struct sendmail_form form;

	form_of(*state,
		"Date: x\nCc: a@b.example\nMessage-ID: <y>\n"
		"cc: a@b.example,c@d.example\nSubject: a,b\n"
		"X-To: a,b\nTo: J. S <a@b.example>\n\n",
		&form);
	assert_int_equal(form.count, 2);
	assert_text(form.changes[0].name, "cc");
	assert_int_equal(form.changes[0].number, 2);
	assert_text(form.changes[0].value, " a@b.example, c@d.example");
	assert_int_equal(form.changes[1].number, 1);
	assert_int_equal(form.sent->count, 7);
}

static void
what_is_taken_away(void **state)
{
	struct sendmail_form form;

	form_of(*state,
		"Date: x\nBcc: a@b.example\nMessage-ID: <y>\n"
		"Content-Length: 12\nFull-Name: x\nReturn-Path: <>\n\n",
		&form);
	assert_int_equal(form.count, 0);
	assert_int_equal(form.sent->count, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(one_field),
	    arena_unit_test(what_is_missing),
	    arena_unit_test(changes_have_numbers),
	    arena_unit_test(what_is_taken_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
