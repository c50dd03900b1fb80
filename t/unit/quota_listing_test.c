#include "unit.h"

#include "admin/quota_listing.h"
#include "base/why.h"

static struct quota_columns
columns_of(const char *names)
{
	struct quota_columns columns;
	struct why why;

	assert_true(quota_columns_parse(text_from(names), &columns, &why));
	return columns;
}

static void
test_lines(void **state)
{
	struct quota_columns columns =
	    columns_of("Username\tQuota name\tType\tValue\tLimit\t%");
	struct quota_line line;
	struct why why;

	assert_true(quota_line_parse(
	    *state, TEXT("ann@a.test\tUser quota\tSTORAGE\t8\t1024\t0"),
	    &columns, &line, &why));
	assert_text(line.account, "ann@a.test");
	assert_text(line.root, "User quota");
	assert_int_equal(line.type, QUOTA_STORAGE);
	assert_int_equal(line.value, 8);
	assert_int_equal(line.limit, 1024);
	assert_true(quota_line_parse(*state,
				     TEXT("a\tb\001tc\tMESSAGE\t3\t-\t0"),
				     &columns, &line, &why));
	assert_text(line.root, "b\tc");
	assert_int_equal(line.type, QUOTA_MESSAGE);
	assert_int_equal(line.limit, 0);
	columns = columns_of("Quota name\tType\tValue\tLimit\t%");
	assert_true(quota_line_parse(*state, TEXT("User\tOTHER\t3\t4\t75"),
				     &columns, &line, &why));
	assert_int_equal(line.account.len, 0);
	assert_int_equal(line.type, QUOTA_OTHER);
}

static void
test_refused(void **state)
{
	static const char *const broken[] = {
	    "",
	    "a\tb\tSTORAGE\t8",
	    "\tb\tSTORAGE\t8\t9\t0",
	    "a\tb\tSTORAGE\t-8\t9\t0",
	    "a\tb\tSTORAGE\t8\t\t0",
	    "a\tb\tSTORAGE\t99999999999999999999\t-\t0",
	    "a\xff\tb\tSTORAGE\t8\t-\t0",
	    "a\0010\tb\tSTORAGE\t8\t-\t0"};
	struct quota_columns columns =
	    columns_of("Username\tQuota name\tType\tValue\tLimit\t%");
	struct quota_line line;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(broken) / sizeof(*broken); i++)
		assert_false(quota_line_parse(*state, text_from(broken[i]),
					      &columns, &line, &why));
	assert_false(quota_columns_parse(TEXT("doveadm: unknown command"),
					 &columns, &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(test_lines),
	    arena_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
