#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "judge/trusted_lists.h"

static struct domain
domain(struct arena *arena, const char *name)
{
	struct domain domain;

	assert_true(domain_parse(arena, text_from(name), &domain, NULL));
	return domain;
}

static void
comes_back_as_it_was_written(void **state)
{
	struct trusted_list values[] = {
	    {TEXT("talk.lists.example"), domain(*state, "lists.example"), 3},
	    {TEXT("b.example"), domain(*state, "b.example"), 12},
	    {TEXT("b/#.c.example"), domain(*state, "c.example"), 1},
	};
	struct trusted_lists lists = {values, 3}, again;
	struct why why;
	struct buf to;

	buf_init(&to, *state, 4096);
	trusted_lists_write(&lists, &to);
	assert_text(buf_view(&to), "signet-lists 1\n"
				   "b.example b.example 12\n"
				   "b/#.c.example c.example 1\n"
				   "talk.lists.example lists.example 3\n"
				   "end 3\n");
	if (!trusted_lists_parse(*state, buf_view(&to), &again, &why))
		fail_msg("%s", why.text);
	assert_int_equal(again.count, 3);
	assert_text(again.values[2].domain.name, "lists.example");
	assert_int_equal(again.values[0].accounts, 12);
	buf_clear(&to);
	lists.count = 0;
	trusted_lists_write(&lists, &to);
	assert_true(trusted_lists_parse(*state, buf_view(&to), &again, &why));
	assert_int_equal(again.count, 0);
}

static void
finds_what_is_verified(void **state)
{
	static const char file[] = "signet-lists 1\n"
				   "# a comment\n\n"
				   "a.b.example a.b.example 1\n"
				   "a.b.example b.example 2\n"
				   "c.example c.example 3\n"
				   "end 3\n";
	struct trusted_lists lists, none = {NULL, 0};
	const struct trusted_list *found;

	assert_true(trusted_lists_parse(*state, text_from(file), &lists, NULL));
	found = trusted_lists_find(&lists, TEXT("a.b.example"),
				   domain(*state, "x.b.example"));
	assert_non_null(found);
	assert_int_equal(found->accounts, 2);
	assert_non_null(trusted_lists_find(&lists, TEXT("c.example"),
					   domain(*state, "c.example")));
	assert_null(trusted_lists_find(&lists, TEXT("c.example"),
				       domain(*state, "b.example")));
	assert_null(trusted_lists_find(&lists, TEXT("c.example"),
				       domain(*state, "example")));
	assert_null(trusted_lists_find(&lists, TEXT("d.example"),
				       domain(*state, "c.example")));
	assert_null(trusted_lists_find(&lists, TEXT("c.example"),
				       (struct domain){{NULL, 0}}));
	assert_null(
	    trusted_lists_find(&lists, TEXT(""), domain(*state, "c.example")));
	assert_null(trusted_lists_find(&none, TEXT("c.example"),
				       domain(*state, "c.example")));
}

static void
a_part_of_a_file_is_none(void **state)
{
	static const char *const files[] = {
	    "",
	    "\n",
	    "signet-lists 2\nend 0\n",
	    "signet-lists 1\n",
	    "signet-lists 1\nend 0",
	    "signet-lists 1\nend 1\n",
	    "signet-lists 1\nend 0\nend 0\n",
	    "signet-lists 1\na.example a.example 1\n",
	    "signet-lists 1\na.example a.example 1\nend 2\n",
	    "signet-lists 1\na.example a.example\nend 1\n",
	    "signet-lists 1\na.example a.example x\nend 1\n",
	    "signet-lists 1\na.example example 1\nend 1\n",
	    "signet-lists 1\na.example b.example 1\nend 1\n",
	    "signet-lists 1\nA.example a.example 1\nend 1\n",
	    "signet-lists 1\na.example A.example 1\nend 1\n",
	    "signet-lists 1\n<a.example> a.example 1\nend 1\n",
	    "signet-lists 1\nb.example b.example 1\n"
	    "a.example a.example 1\nend 2\n",
	    "signet-lists 1\na.example a.example 1\n"
	    "a.example a.example 2\nend 2\n",
	};
	struct trusted_lists lists;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (trusted_lists_parse(*state, text_from(files[i]), &lists,
					NULL))
			fail_msg("\"%s\" was read", files[i]);
}

static void
is_bounded(void **state)
{
	struct trusted_lists lists;
	struct why why;
	struct buf to;
	int i;

	buf_init(&to, *state, 1u << 20);
	buf_string(&to, "signet-lists 1\n");
	for (i = 0; i <= LIMIT_TRUSTED_LISTS; i++)
		buf_printf(&to, "a%06d.b.example b.example 1\n", i);
	buf_printf(&to, "end %d\n", i);
	assert_true(buf_ok(&to));
	assert_false(trusted_lists_parse(*state, buf_view(&to), &lists, &why));
	assert_string_equal(why.text, "it has 10001 lists");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(comes_back_as_it_was_written),
	    arena_unit_test(finds_what_is_verified),
	    arena_unit_test(a_part_of_a_file_is_none),
	    arena_unit_test(is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
