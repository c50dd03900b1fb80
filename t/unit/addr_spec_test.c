#include "unit.h"

#include "base/why.h"
#include "mailauth/addr_spec.h"

/* The address, "!" and the reason, or "?" before one with a doubt. */
static struct text
read_one(struct arena *arena, const char *text)
{
	struct why why;
	struct address_reader reader = {.arena = arena, .why = &why};
	struct mailbox mailbox = {.next = NULL};

	if (!address_take_whole(&reader, text_from(text), &mailbox))
		return text_from(arena_printf(arena, "!%s", why.text));
	if (reader.doubt == NULL)
		return mailbox.address;
	return text_from(arena_printf(arena, "?" TEXT_FMT " %s",
				      TEXT_ARG(mailbox.address), reader.doubt));
}

static void
addresses(void **state)
{
	static const char *const cases[][2] = {
	    {"a@b.example", "a@b.example"},
	    {" (x) a (y) @b.example (z) ", "a@b.example"},
	    {"a.\"b c\"@d.example", "\"a.b c\"@d.example"},
	    {"\"\"@b.example", "\"\"@b.example"},
	    {"a@[ 192.0.2.1 ]", "a@[ 192.0.2.1 ]"},
	    {"a@(x)b.example", "?a@b.example comment or space inside a domain"},
	    {"a@b. example", "?a@b.example comment or space inside a domain"},
	    {"=?a?q?b?=@c.example",
	     "?=?a?q?b?=@c.example encoded word in a local part"},
	    {"a", "!address without '@'"},
	    {"@b.example", "!local part lacks a word"},
	    {"a.@b.example", "!local part lacks a word"},
	    {"a@", "!domain lacks a label"},
	    {"a@b.example x", "!text behind an address"},
	    {"a@[b", "!broken address literal"},
	    {"a@[b\\]]", "!broken address literal"},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_text(read_one(*state, cases[i][0]), cases[i][1]);
}

static void
what_looks_like_an_address_is_kept(void **state)
{
	struct why why;
	struct address_reader reader = {.arena = *state, .why = &why};
	struct mailbox mailbox = {.next = NULL};

	assert_true(address_take_whole(
	    &reader, TEXT("(no) \"x@y\"@b.example (=?a?q?c=40d?=)"), &mailbox));
	assert_text(reader.asides->text, "(c@d)");
	assert_text(reader.asides->next->text, "x@y");
	assert_null(reader.asides->next->next);
	assert_null(reader.doubt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(addresses),
	    arena_unit_test(what_looks_like_an_address_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
