/* What pg does without a server; t/31-load-faults.t has a real one. */
#include "unit.h"

#include "base/why.h"
#include "io/pg.h"

static const struct pg_options nowhere = {.conninfo =
					      "host=/nonexistent dbname=x",
					  .program = "pg_test",
					  .call_ms = 1000,
					  .pause_most_ms = 60000};

static void
no_server(void **state)
{
	struct pg *pg = pg_open(&nowhere);
	struct why why, again;

	assert_false(pg_is_connected(pg));
	assert_int_equal(pg_socket(pg), -1);
	assert_int_equal(pg_pause_ms(pg), 0);
	assert_int_equal(pg_run(pg, "select 1", &why), PG_AWAY);
	assert_non_null(strstr(why.text, "/nonexistent"));
	assert_null(strchr(why.text, '\n'));
	assert_true(pg_pause_ms(pg) > 0);
	assert_false(pg_connect(pg, &again));
	assert_string_equal(again.text, why.text);
	pg_close(pg);
}

static void
pauses_grow_to_their_limit(void **state)
{
	struct pg_options options = nowhere;
	struct pg *pg;
	struct why why;
	int i;

	options.pause_most_ms = 3;
	pg = pg_open(&options);
	for (i = 0; i < 5; i++) {
		assert_false(pg_connect(pg, &why));
		assert_in_range(pg_pause_ms(pg), 0, 3);
	}
	pg_close(pg);
}

static void
hurry_ends_a_pause(void **state)
{
	struct pg *pg = pg_open(&nowhere);
	struct why why;

	assert_false(pg_connect(pg, &why));
	assert_true(pg_pause_ms(pg) > 0);
	pg_hurry(pg);
	assert_int_equal(pg_pause_ms(pg), 0);
	pg_close(pg);
}

static void
broken_conninfo(void **state)
{
	struct pg_options options = nowhere;
	struct pg *pg;
	struct why why;

	options.conninfo = "nonsense=1 host=/nonexistent";
	pg = pg_open(&options);
	assert_false(pg_connect(pg, &why));
	assert_non_null(strstr(why.text, "nonsense"));
	pg_close(pg);
	pg_close(NULL);
}

static void
texts_in_binary(void **state)
{
	static const char want[] = "\0\0\0\1\0\0\0\0\0\0\0\31\0\0\0\2\0\0\0\1"
				   "\0\0\0\2ab\0\0\0\0";
	struct text values[] = {TEXT_INIT("ab"), TEXT_INIT("")};
	struct pg_param param = pg_texts(*state, values, 2);

	assert_true(param.binary);
	assert_int_equal(param.len, sizeof(want) - 1);
	assert_memory_equal(param.at, want, sizeof(want) - 1);
	assert_int_equal(pg_texts(*state, values, 0).len, 12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_server),
	    cmocka_unit_test(pauses_grow_to_their_limit),
	    cmocka_unit_test(hurry_ends_a_pause),
	    cmocka_unit_test(broken_conninfo),
	    arena_unit_test(texts_in_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
