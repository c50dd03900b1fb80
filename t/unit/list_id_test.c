#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "judge/list_id.h"

/* The identifier, or "!" and the reason. */
static struct text
read_id(struct arena *arena, const char *value)
{
	struct text id;
	struct why why;

	if (list_id_parse(arena, text_from(value), &id, &why))
		return id;
	return text_from(arena_printf(arena, "!%s", why.text));
}

/* RFC 2919 section 3 has most of these. */
static void
reads_what_lists_write(void **state)
{
	static const struct {
		const char *value, *id;
	} rows[] = {
	    {" List Header Mailing List <list-header.nisto.com>",
	     "list-header.nisto.com"},
	    {" <commonspace-users.list-id.within.com>",
	     "commonspace-users.list-id.within.com"},
	    {" \"Lena's Personal Joke List\"\r\n"
	     " <lenas-jokes.da39efc25c530ad145d41b86f7420c3b.021999.localhost>",
	     "lenas-jokes.da39efc25c530ad145d41b86f7420c3b.021999.localhost"},
	    {"\"An internal CMU List\" <0Jks9449.list-id.cmu.edu>",
	     "0jks9449.list-id.cmu.edu"},
	    {"owner/repo <repo.owner.github.example>",
	     "repo.owner.github.example"},
	    {"=?utf-8?Q?Verteiler_=C3=A4?= <v.example>", "v.example"},
	    {"Verteiler \xc3\xa4 <v.example>", "v.example"},
	    {"\"a < b > \\\" c\" <d.example> (so (it) is)", "d.example"},
	    {"(a <b.c>) <d.example>", "d.example"},
	    {"<\r\n d.example\r\n >", "d.example"},
	    {" bare.example ", "bare.example"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_text(read_id(*state, rows[i].value), rows[i].id);
}

static void
refuses_the_rest(void **state)
{
	static const char *const rows[] = {
	    "",
	    "<>",
	    "<a>",
	    "<.a.b>",
	    "<a..b>",
	    "<a.b.>",
	    "<a.b",
	    "<a.b> x",
	    "<a.b> <c.d>",
	    "<a.b> (",
	    "\"x <a.b>",
	    "(x <a.b>",
	    "\"x\\",
	    "<a@b.example>",
	    "<a b.example>",
	    "<a.b\xc3\xa4.example>",
	    "some words",
	    "a.b c.d",
	    "(x) a.b",
	};
	struct text id;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (list_id_parse(*state, text_from(rows[i]), &id, NULL))
			fail_msg("%s was read", rows[i]);
	assert_false(list_id_parse(*state, text_of("a.b\0.c", 6), &id, NULL));
}

static void
is_bounded(void **state)
{
	struct text id;
	struct buf to;

	buf_init(&to, *state, 4 * LIMIT_FIELD_BYTES);
	while (to.len < LIMIT_LIST_ID_BYTES - 2)
		buf_char(&to, 'a');
	buf_string(&to, ".b");
	assert_true(list_id_parse(*state, buf_view(&to), &id, NULL));
	buf_char(&to, 'c');
	assert_false(list_id_parse(*state, buf_view(&to), &id, NULL));
	while (to.len <= LIMIT_FIELD_BYTES)
		buf_char(&to, '(');
	assert_false(list_id_parse(*state, buf_view(&to), &id, NULL));
}

static bool
is_within(struct arena *arena, const char *id, const char *name)
{
	struct domain domain;

	assert_true(domain_parse(arena, text_from(name), &domain, NULL));
	return list_id_is_within(text_from(id), domain);
}

static void
knows_whose_it_is(void **state)
{
	assert_true(is_within(*state, "a.b.example", "b.example"));
	assert_true(is_within(*state, "a.b.example", "example"));
	assert_true(is_within(*state, "b.example", "b.example"));
	assert_false(is_within(*state, "ab.example", "b.example"));
	assert_false(is_within(*state, "example", "b.example"));
	assert_false(is_within(*state, "a.b.example.org", "b.example"));
	assert_false(
	    list_id_is_within(TEXT("a.b"), (struct domain){{NULL, 0}}));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(reads_what_lists_write),
	    arena_unit_test(refuses_the_rest),
	    arena_unit_test(is_bounded),
	    arena_unit_test(knows_whose_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
