#include "unit.h"

#include "admin/quota_table.h"

static void
test_names(void **state)
{
	const char *sql;

	assert_true(
	    quota_table_sql(*state, "quota", "username,bytes,messages", &sql));
	assert_non_null(strstr(sql, "\"username\",\"bytes\",\"messages\" from "
				    "\"quota\")"));
	assert_true(quota_table_sql(*state, "mail.quota2", "u,b,c", &sql));
	assert_non_null(strstr(sql, "from \"mail\".\"quota2\""));
}

static void
test_refused(void **state)
{
	static const char *const tables[] = {
	    "", ".", "a.", ".a", "a.b.c", "a b", "a\"b", "a;b", "a,b"};
	static const char *const columns[] = {
	    "", "a,b", "a,b,c,d", "a,b,", "a,,c", "a,b,c)", "a.b,c,d"};
	const char *sql;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		assert_false(quota_table_sql(*state, tables[i], "a,b,c", &sql));
	for (i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		assert_false(quota_table_sql(*state, "t", columns[i], &sql));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(test_names),
	    arena_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
