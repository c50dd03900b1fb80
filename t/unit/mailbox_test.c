#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/mailbox.h"

/* "address; address" of a list, "!" and the error, "?" before a doubt. */
static struct text
read_list(struct arena *arena, struct text text)
{
	struct mailbox_list list;
	const struct mailbox *mailbox;
	struct why why;
	struct buf to;

	buf_init(&to, arena, LIMIT_FIELD_BYTES);
	if (!mailbox_parse_list(arena, text, &list, &why)) {
		buf_char(&to, '!');
		buf_string(&to, why.text);
		return buf_view(&to);
	}
	if (list.doubt != NULL)
		buf_char(&to, '?');
	for (mailbox = list.first; mailbox != NULL; mailbox = mailbox->next) {
		buf_text(&to, mailbox->address);
		if (mailbox->next != NULL)
			buf_string(&to, "; ");
	}
	return buf_view(&to);
}

struct list_case {
	const char *field, *want;
};

static void
check_lists(struct arena *arena, const struct list_case *cases, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct text got = read_list(arena, text_from(cases[i].field));

		if (!text_equal(got, text_from(cases[i].want)))
			fail_msg("[%s]\n got  [" TEXT_FMT "]\n want [%s]",
				 cases[i].field, TEXT_ARG(got), cases[i].want);
	}
}

#define CHECK_LISTS(state, cases)                                              \
	check_lists(*(state), cases, sizeof(cases) / sizeof((cases)[0]))

static void
ordinary_fields(void **state)
{
	static const struct list_case cases[] = {
	    {"a@b.example", "a@b.example"},
	    {" A B <a@B.Example>", "a@b.example"},
	    {"<a@b.example>", "a@b.example"},
	    {"a@b.example, c@d.example", "a@b.example; c@d.example"},
	    {"Joe Q. Public <j@b.example>", "j@b.example"},
	    {"\"Last, First\" <a@b.example>", "a@b.example"},
	    {"\"Big \\\"Box\\\"\" <a@b.example>", "a@b.example"},
	    {"=?utf-8?q?J=C3=B6rg?= <j@x.example>", "j@x.example"},
	    {"J\xc3\xb6rg <j@x.example>", "j@x.example"},
	    {"J\xf6rg <j@x.example>", "j@x.example"},
	    {"a@b.example (Bob)", "a@b.example"},
	    {"(Bob) a@b.example", "a@b.example"},
	    {"A\r\n <a@b.example>", "a@b.example"},
	    {"[Ticket 1] Help <a@b.example>", "a@b.example"},
	    {"\"a b\"@c.example", "\"a b\"@c.example"},
	    {"\"ab\"@c.example", "ab@c.example"},
	    {"d\xc3\xb6@m\xc3\xa4.example", "d\xc3\xb6@xn--m-0fa.example"},
	    {"a@b.example,", "a@b.example"},
	    {", , a@b.example", "a@b.example"},
	    {"a@[192.0.2.1]", "a@[192.0.2.1]"},
	    {"Bob <a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"},
	};

	CHECK_LISTS(state, cases);
}

static void
groups_and_obsolete_forms(void **state)
{
	static const struct list_case cases[] = {
	    {"A Group:Ed <c@a.test>,joe@w.test;", "c@a.test; joe@w.test"},
	    {"Undisclosed recipients:;", ""},
	    {"\"G\" : a@b.test ; , c@d.test", "a@b.test; c@d.test"},
	    {"pete(his account)@silly.test(his host)", "pete@silly.test"},
	    {"a . b @ c.test", "?a.b@c.test"},
	    {"a.\"b\"@c.test", "a.b@c.test"},
	    {"", ""},
	    {" (nobody) ", ""},
	};

	CHECK_LISTS(state, cases);
}

static void
common_and_harmless(void **state)
{
	static const struct list_case cases[] = {
	    {"Last, First via List <l@x.example>", "l@x.example"},
	    {"a@b.example <a@b.example>", "a@b.example"},
	    {"\"bob@bank.example\" <x@evil.example>", "x@evil.example"},
	    {"\"<bob@bank.example>\" <x@evil.example>", "x@evil.example"},
	    {"=?utf-8?q?bob=40bank.example?= <x@e.example>", "x@e.example"},
	    {"=?UTF-8?Q?i@f.example?= <i@f.example>", "i@f.example"},
	    {"a@b.example (call me @ work)", "a@b.example"},
	    {"a@b.example (a@b.example)", "a@b.example"},
	    {"=? <a@b.example>", "a@b.example"},
	    {"=?iso-2022-jp?B?GyRCPEBAPhsoQg==?= <a@b.example>", "a@b.example"},
	};

	CHECK_LISTS(state, cases);
}

static void
read_with_a_doubt(void **state)
{
	static const struct list_case cases[] = {
	    {"<@a.example,@b.example:u@c.example>", "?u@c.example"},
	    {"u@bank.example(x).evil.example", "?u@bank.example.evil.example"},
	    {"u@bank.example .evil.example", "?u@bank.example.evil.example"},
	    {"u@ bank.example", "?u@bank.example"},
	    {"bob@bank.example <x@evil.example>", "?x@evil.example"},
	    {"bob@bank.example<x@evil.example>", "?x@evil.example"},
	    {"x@evil.example (bob@bank.example)", "?x@evil.example"},
	    {"(<bob@bank.example>) x@evil.example", "?x@evil.example"},
	    {"\"bob@bank.example\", <x@evil.example>", "?x@evil.example"},
	    {"=?utf-8?b?PGJvYkBiYW5rLmV4YW1wbGU+?=, <x@evil.example>",
	     "?x@evil.example"},
	    {"=?utf-8?b?PGJvYkBiYW5rLmV4YW1wbGU+?= <x@evil.example>",
	     "?x@evil.example"},
	    {"=?utf-8?b?Ym9iQGJhbmsuZXhhbXBsZQ==?==?utf-8?Q?=00?=@evil.example",
	     "?=?utf-8?b?Ym9iQGJhbmsuZXhhbXBsZQ==?==?utf-8?Q?=00?="
	     "@evil.example"},
	    {"=?utf-8?q?Bob=00?= <x@evil.example>", "?x@evil.example"},
	    {"=?utf-7?q?bob+AEA-bank.example?= <x@evil.example>",
	     "?x@evil.example"},
	    {"\"Some <x@bank.example>\"@evil.example",
	     "?\"Some <x@bank.example>\"@evil.example"},
	    {"\"\\\"<bob@bank.example>\" <x@evil.example>", "?x@evil.example"},
	    {"bob@bank.example\xc2\xa0<x@evil.example>", "?x@evil.example"},
	    {"\"bob@bank.example\":;", "?"},
	    {"\"bob@bank.example\"", "?"},
	};

	CHECK_LISTS(state, cases);
}

static void
refused(void **state)
{
	static const struct list_case cases[] = {
	    {"\"A\" a@b.example", "!address without '@'"},
	    {"<<<><a@b.example>>>", "!local part lacks a word"},
	    {"Mail From:<a@b.example>", "!group without ';'"},
	    {"<a@b.example> Bob", "!byte 0x42 where an address list ends"},
	    {"<a@b.example><c@d.example>",
	     "!byte 0x3c where an address list ends"},
	    {"<a@b.example>\\,<c@d.example>",
	     "!byte 0x5c where an address list ends"},
	    {"a@b.example>", "!byte 0x3e where an address list ends"},
	    {"<a@b.example", "!'<' without '>'"},
	    {"<>", "!local part lacks a word"},
	    {"<bob>", "!address without '@'"},
	    {"\"a <a@b.example>", "!quoted string without an end"},
	    {"(a <a@b.example>", "!comment without an end"},
	    {"a@b@c.example", "!text behind an address"},
	    {"a@b.example;c@d.example",
	     "!byte 0x3b where an address list ends"},
	    {"g1: g2: a@b.example;;", "!group without ';'"},
	    {"a@b.example\r\nX: c@d.example", "!byte 0x0d in a header field"},
	    {"a\x01@b.example", "!byte 0x01 in a header field"},
	    {"\"a\\\x7f\"@b.example", "!byte 0x7f in a header field"},
	    {"a@-b.example", "!label with a hyphen at its edge"},
	    {"a@b.example.", "!domain lacks a label"},
	    {"a@b/c.example", "!byte 0x2f in a domain"},
	    {"\xf6@b.example", "!local part is not UTF-8"},
	    {"a@b\xf6.example", "!domain is not valid UTF-8"},
	    {"<@a.example u@c.example>", "!source route without ':'"},
	};

	CHECK_LISTS(state, cases);
}

static void
nul_is_refused(void **state)
{
	assert_text(read_list(*state, TEXT("a@b.example\0.c.example")),
		    "!byte 0x00 in a header field");
	assert_text(read_list(*state, TEXT("\"\0\" <a@b.example>")),
		    "!byte 0x00 in a header field");
}

static void
parts_of_a_mailbox(void **state)
{
	struct mailbox_list list;

	assert_true(mailbox_parse_list(
	    *state,
	    TEXT(" \"J. \\\"D\\\"\" (x) <\"a\\\"\r\n b\".c@Ex.example>"), &list,
	    NULL));
	assert_int_equal(list.count, 1);
	assert_text(list.first->display, "\"J. \\\"D\\\"\" (x)");
	assert_text(list.first->local, "a\" b.c");
	assert_text(list.first->domain.name, "ex.example");
	assert_text(list.first->address, "\"a\\\" b.c\"@ex.example");
}

static void
one_addr_spec(void **state)
{
	struct mailbox mailbox;

	assert_true(mailbox_parse_addr_spec(*state, TEXT(" a.b@C.example "),
					    &mailbox, NULL));
	assert_text(mailbox.local, "a.b");
	assert_text(mailbox.domain.name, "c.example");
	assert_false(mailbox_parse_addr_spec(*state, TEXT("<a@b.example>"),
					     &mailbox, NULL));
	assert_false(mailbox_parse_addr_spec(*state, TEXT("a@[192.0.2.1]"),
					     &mailbox, NULL));
	assert_false(mailbox_parse_addr_spec(*state, TEXT("a@b.example, c"),
					     &mailbox, NULL));
	assert_false(mailbox_parse_addr_spec(*state, TEXT(""), &mailbox, NULL));
}

static void
many_addresses(void **state)
{
	struct mailbox_list list;
	struct buf text;
	unsigned i;

	buf_init(&text, *state, LIMIT_FIELD_BYTES);
	for (i = 0; i < LIMIT_FROM_MAILBOXES; i++)
		buf_printf(&text, "%sa@b%u.example", i ? "," : "", i);
	assert_true(mailbox_parse_list(*state, buf_view(&text), &list, NULL));
	assert_int_equal(list.count, LIMIT_FROM_MAILBOXES);
	buf_string(&text, ",a@b.example");
	assert_false(mailbox_parse_list(*state, buf_view(&text), &list, NULL));
}

/* Fields that would take a quadratic reader minutes. */
static void
large_fields_take_linear_time(void **state)
{
	static const char *const parts[] = {
	    "(",	   "\"", "\\\"",   "=?a?q?x", "=?a?q?=00?=",
	    "@a.example ", "<",	 "a@b.c,", "x:",      "(a@b.c)",
	    ",",	   "a.", "[@[",	   "\r\n ",
	};
	struct mailbox_list list;
	struct buf text;
	size_t i;

	buf_init(&text, *state, LIMIT_FIELD_BYTES);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		buf_clear(&text);
		while (text.len + 16 < LIMIT_FIELD_BYTES)
			buf_string(&text, parts[i]);
		mailbox_parse_list(*state, buf_view(&text), &list, NULL);
		buf_string(&text, "<a@b.c>");
		mailbox_parse_list(*state, buf_view(&text), &list, NULL);
	}
	assert_true(arena_held(*state) < LIMIT_ARENA_BYTES / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(ordinary_fields),
	    arena_unit_test(groups_and_obsolete_forms),
	    arena_unit_test(common_and_harmless),
	    arena_unit_test(read_with_a_doubt),
	    arena_unit_test(refused),
	    arena_unit_test(nul_is_refused),
	    arena_unit_test(parts_of_a_mailbox),
	    arena_unit_test(one_addr_spec),
	    arena_unit_test(many_addresses),
	    arena_unit_test(large_fields_take_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
