#include "unit.h"

#include "base/buf.h"
#include "sql/event_reduce.h"

static enum reduce_result
reduce(struct arena *arena, const char *line, const char **to)
{
	struct buf buf;
	enum reduce_result result;

	buf_init(&buf, arena, 4096);
	result = event_reduce(text_from(line), &buf);
	*to = buf_cstring(&buf);
	return result;
}

static void
keeps_what_evaluations_need(void **state)
{
	const char *to;

	assert_int_equal(
	    reduce(*state,
		   "{\"v\":1,\"type\":\"message\",\"id\":\"x\",\"helo\":\"h\","
		   "\"tls\":{\"a\":[1,{\"b\":2}]}, \"rcpt\" : [{\"d\":\"}\"}] "
		   ",\"from\":[\"a\"],\"evaluation\":{\"optional\":false}}",
		   &to),
	    REDUCE_SMALLER);
	assert_string_equal(to, "{\"v\":1,\"type\":\"message\",\"id\":\"x\","
				"\"rcpt\":[{\"d\":\"}\"}],"
				"\"evaluation\":{\"optional\":false},"
				"\"ledger\":false}");
}

static void
nothing_but_ledger(void **state)
{
	const char *to;

	assert_int_equal(
	    reduce(*state, "{\"type\":\"message\",\"evaluation\":null}", &to),
	    REDUCE_EMPTY);
	assert_int_equal(reduce(*state, "{\"type\":\"message\"}", &to),
			 REDUCE_EMPTY);
}

static void
left_as_it_is(void **state)
{
	const char *to;

	assert_int_equal(
	    reduce(*state,
		   "{\"type\":\"message\",\"evaluation\":{},\"ledger\":false}",
		   &to),
	    REDUCE_AS_IS);
	assert_int_equal(reduce(*state, "{\"type\":\"tls_result\"}", &to),
			 REDUCE_AS_IS);
	assert_int_equal(reduce(*state, "{\"v\":1}", &to), REDUCE_AS_IS);
}

static void
reduced_twice_is_reduced_once(void **state)
{
	const char *once, *twice;

	assert_int_equal(
	    reduce(*state, "{\"type\":\"message\",\"evaluation\":{}}", &once),
	    REDUCE_SMALLER);
	assert_int_equal(reduce(*state, once, &twice), REDUCE_AS_IS);
}

static void
strings_hide_everything(void **state)
{
	const char *to;

	assert_int_equal(reduce(*state,
				"{\"type\":\"message\",\"x\":\"\\\\\\\",}{][\","
				"\"dkim\":\"\\\"evaluation\\\":1\","
				"\"evaluation\":1}",
				&to),
			 REDUCE_SMALLER);
	assert_string_equal(to, "{\"type\":\"message\","
				"\"dkim\":\"\\\"evaluation\\\":1\","
				"\"evaluation\":1,\"ledger\":false}");
}

static void
unreadable(void **state)
{
	static const char *const lines[] = {
	    "",		  "x",	       "[]",	     "{",
	    "{}",	  "{\"a\"}",   "{\"a\":}",   "{\"a\":1",
	    "{\"a\":1,}", "{\"a\":[}", "{\"a\":1}x", "{\"a\":\"\\",
	    "{\"a\":]}",  "{\"a\" 1}", "{a:1}",	     "{\"a\":\"b}"};
	const char *to;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(reduce(*state, lines[i], &to),
				 REDUCE_UNREADABLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(keeps_what_evaluations_need),
	    arena_unit_test(nothing_but_ledger),
	    arena_unit_test(left_as_it_is),
	    arena_unit_test(reduced_twice_is_reduced_once),
	    arena_unit_test(strings_hide_everything),
	    arena_unit_test(unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
