#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/why.h"
#include "io/file.h"
#include "milter/user_lists.h"

static const struct domain domain = {TEXT_INIT("lists.example")};

static const char *
new_path(struct arena *arena)
{
	char dir[] = "/tmp/signet-user-lists-XXXXXX";

	assert_non_null(mkdtemp(dir));
	return arena_printf(arena, "%s/lists", dir);
}

static void
clean(struct arena *arena, const char *path)
{
	unlink(path);
	rmdir(arena_printf(arena, "%.*s", (int)(strlen(path) - 6), path));
}

static void
put(struct arena *arena, const char *path, const char *contents)
{
	struct why why;

	if (!file_replace(arena, path, text_from(contents), 0644, &why))
		fail_msg("%s", why.text);
}

/* The file is looked at now and then: until it is as wanted. */
static void
wait_until(struct user_lists *lists, const char *id, bool wanted)
{
	int left = 6000;

	while (user_lists_have(lists, text_from(id), domain) != wanted) {
		if (left-- == 0)
			fail_msg("%s: still not %d", id, wanted);
		unit_look_again();
	}
}

static void
follows_the_file(void **state)
{
	const char *path = new_path(*state);
	struct user_lists *lists;

	put(*state, path,
	    "signet-lists 1\na.lists.example lists.example 5\nend 1\n");
	lists = user_lists_open(path);
	assert_true(user_lists_have(lists, TEXT("a.lists.example"), domain));
	assert_false(user_lists_have(lists, TEXT("b.lists.example"), domain));
	put(*state, path,
	    "signet-lists 1\nb.lists.example lists.example 5\nend 1\n");
	wait_until(lists, "b.lists.example", true);
	assert_false(user_lists_have(lists, TEXT("a.lists.example"), domain));
	unlink(path);
	wait_until(lists, "b.lists.example", false);
	put(*state, path,
	    "signet-lists 1\nc.lists.example lists.example 5\nend 1\n");
	wait_until(lists, "c.lists.example", true);
	user_lists_close(lists);
	clean(*state, path);
}

static void
a_bad_file_changes_nothing(void **state)
{
	const char *path = new_path(*state);
	struct user_lists *lists, *again;
	int left = 6000;

	put(*state, path,
	    "signet-lists 1\na.lists.example lists.example 5\nend 1\n");
	lists = user_lists_open(path);
	put(*state, path, "signet-lists 1\nb.lists.exam");
	/* a reload: the new holder sees what the old one saw */
	again = user_lists_open(path);
	assert_ptr_equal(lists, again);
	user_lists_close(lists);
	while (user_lists_refused(again) == 0) {
		assert_true(
		    user_lists_have(again, TEXT("a.lists.example"), domain));
		if (left-- == 0)
			fail_msg("it was never looked at");
		unit_look_again();
	}
	assert_true(user_lists_have(again, TEXT("a.lists.example"), domain));
	assert_int_equal(user_lists_refused(again), 1);
	put(*state, path,
	    "signet-lists 1\na.lists.example lists.example 5\n"
	    "b.lists.example lists.example 5\nend 2\n");
	wait_until(again, "b.lists.example", true);
	user_lists_close(again);
	clean(*state, path);
}

static void
without_a_file_there_are_none(void **state)
{
	struct user_lists *lists = user_lists_open("/nonexistent/lists");

	assert_false(user_lists_have(lists, TEXT("a.lists.example"), domain));
	user_lists_close(lists);
	assert_null(user_lists_open(NULL));
	assert_false(user_lists_have(NULL, TEXT("a.lists.example"), domain));
	user_lists_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(follows_the_file),
	    arena_unit_test(a_bad_file_changes_nothing),
	    arena_unit_test(without_a_file_there_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
