#include "unit.h"

#include "base/buf.h"
#include "base/limits.h"
#include "mailauth/auth_results.h"

static void
one_field(void **state)
{
	struct auth_writer writer;
	struct buf to;

	buf_init(&to, *state, LIMIT_AUTH_RESULTS_BYTES);
	auth_write_begin(&writer, &to, TEXT("mx.example.net"));
	auth_write_method(&writer, "spf", "pass");
	auth_write_comment(&writer, TEXT("ip4 matched"));
	auth_write_property(&writer, "smtp", "mailfrom", TEXT("a@b.example"));
	auth_write_property(&writer, "smtp", "helo", TEXT(""));
	auth_write_method(&writer, "dkim", "fail");
	auth_write_reason(&writer, TEXT("body hash \"x\" differs"));
	auth_write_property(&writer, "header", "d", TEXT("b.example"));
	auth_write_property(&writer, "header", "b", TEXT("a/b+c="));
	auth_write_property(&writer, "header", "s", TEXT("2026"));
	auth_write_property(&writer, "header", "i", TEXT("x=y@b.example"));
	auth_write_end(&writer);
	assert_true(buf_ok(&to));
	assert_text(buf_view(&to),
		    "mx.example.net;\r\n"
		    "\tspf=pass (ip4 matched) smtp.mailfrom=a@b.example;\r\n"
		    "\tdkim=fail reason=\"body hash 'x' differs\""
		    " header.d=b.example\r\n"
		    "\theader.b=\"a/b+c=\" header.s=2026"
		    " header.i=\"x=y@b.example\"");
}

static void
nothing_to_say(void **state)
{
	struct auth_writer writer;
	struct buf to;

	buf_init(&to, *state, LIMIT_AUTH_RESULTS_BYTES);
	auth_write_begin(&writer, &to, TEXT("my gateway"));
	auth_write_end(&writer);
	assert_text(buf_view(&to), "\"my gateway\"; none");
}

/* What a value becomes by the rules of the header. */
static struct text
cleaned(struct arena *arena, struct text value)
{
	static const char from[] = "()\"\\;", become[] = "[]'/,";
	bool is_cut = value.len > LIMIT_AUTH_VALUE_BYTES;
	struct buf to;
	size_t i;

	value = text_first(value, LIMIT_AUTH_VALUE_BYTES);
	buf_init(&to, arena, LIMIT_AUTH_VALUE_BYTES + 3);
	for (i = 0; i < value.len; i++) {
		char c = value.at[i];

		if (c < ' ' || c >= 0x7f)
			c = '?';
		else if (strchr(from, c) != NULL)
			c = become[strchr(from, c) - from];
		else if (c == '=' && value.len - i > 4 &&
			 text_equal_nocase(text_of(value.at + i, 5),
					   TEXT("=pass")))
			c = '?';
		buf_char(&to, c);
	}
	if (is_cut)
		buf_string(&to, "...");
	return buf_view(&to);
}

static void
assert_lines_below(struct text text, size_t most)
{
	while (text.len > 0) {
		size_t line = text_find(text, '\n');

		assert_true(line < most);
		text = text_skip(text, line + 1);
	}
}

static void
assert_same(struct text got, struct text want)
{
	if (!text_equal(got, want))
		fail_msg("[" TEXT_FMT "] became [" TEXT_FMT "]", TEXT_ARG(want),
			 TEXT_ARG(got));
}

/* Writes the value wherever a value can stand and reads it back. */
static void
check_round_trip(struct arena *arena, struct text value)
{
	struct auth_results results;
	struct auth_writer writer;
	struct text want = cleaned(arena, value);
	struct buf to;

	buf_init(&to, arena, LIMIT_AUTH_RESULTS_BYTES);
	auth_write_begin(&writer, &to, value);
	auth_write_method(&writer, "a", "b");
	auth_write_comment(&writer, value);
	auth_write_reason(&writer, value);
	auth_write_property(&writer, "c", "d", value);
	auth_write_comment(&writer, value);
	auth_write_property(&writer, "e", "f", value);
	auth_write_end(&writer);
	assert_true(buf_ok(&to));
	assert_lines_below(buf_view(&to), 998 - 24);
	assert_true(auth_results_parse(arena, buf_view(&to), &results, NULL));
	assert_false(results.lax);
	assert_same(results.id, want);
	assert_null(results.methods->next);
	assert_same(results.methods->reason, want);
	assert_same(results.methods->properties->value, want);
	assert_same(results.methods->properties->next->value, want);
	assert_null(results.methods->properties->next->next);
}

static void
hostile_values_read_back(void **state)
{
	static const struct text values[] = {
	    TEXT_INIT("x"),
	    TEXT_INIT("\""),
	    TEXT_INIT("\\"),
	    TEXT_INIT("(;)"),
	    TEXT_INIT(")"),
	    TEXT_INIT("example.net(.example.com"),
	    TEXT_INIT("a; dkim=pass header.d=bank.example"),
	    TEXT_INIT("dmarc=PASS"),
	    TEXT_INIT("dmarc=pas"),
	    TEXT_INIT("x=passx=pass="),
	    TEXT_INIT("a\r\nX-Injected: b"),
	    TEXT_INIT("a\0b"),
	    TEXT_INIT("\xc3\xa4\xff"),
	    TEXT_INIT(" "),
	    TEXT_INIT("  a   b  "),
	    TEXT_INIT("@"),
	    TEXT_INIT("@b.example"),
	    TEXT_INIT("a@b"),
	    TEXT_INIT("a@b..example"),
	    TEXT_INIT("a@-b.example"),
	    TEXT_INIT(".a@b.example"),
	    TEXT_INIT("none"),
	    TEXT_INIT("a b c d e f g h i j k l m n o p q r s t u v w x y z "
		      "a b c d e f g h i j k l m n o p q r s t u v w x y z "
		      "a b c d e f g h i j k l m n o p q r s t u v w x y z"),
	};
	char *large = test_malloc(2000);
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		check_round_trip(*state, values[i]);
	memset(large, '"', 2000);
	for (i = LIMIT_AUTH_VALUE_BYTES - 2; i <= 2000; i += 7)
		check_round_trip(*state, text_of(large, i));
	memset(large, 'a', 2000);
	for (i = LIMIT_AUTH_VALUE_BYTES - 2; i <= 2000; i += 7)
		check_round_trip(*state, text_of(large, i));
	test_free(large);
}

static void
every_byte_reads_back(void **state)
{
	char value[3] = {'a', 0, 'b'};
	int c;

	for (c = 0; c < 256; c++) {
		value[1] = (char)c;
		check_round_trip(*state, text_of(value, 3));
		check_round_trip(*state, text_of(value, 2));
		check_round_trip(*state, text_of(value + 1, 2));
		check_round_trip(*state, text_of(value + 1, 1));
	}
}

/* A method is there as a whole or not at all. */
static void
what_does_not_fit_is_left_out(void **state)
{
	struct auth_results results;
	struct auth_writer writer;
	struct buf to;
	size_t room;

	for (room = 20; room < 200; room++) {
		buf_init(&to, *state, room);
		auth_write_begin(&writer, &to, TEXT("e.net"));
		auth_write_method(&writer, "dkim", "pass");
		auth_write_property(&writer, "header", "d", TEXT("a;b"));
		auth_write_method(&writer, "spf", "fail");
		auth_write_reason(&writer, TEXT("one two three four"));
		auth_write_end(&writer);
		assert_true(buf_ok(&to));
		assert_true(
		    auth_results_parse(*state, buf_view(&to), &results, NULL));
		if (room < 33)
			assert_null(results.methods);
		else if (room < 73)
			assert_null(results.methods->next);
		else
			assert_text(results.methods->next->reason,
				    "one two three four");
	}
}

static void
lines_are_folded_near_78(void **state)
{
	struct auth_writer writer;
	struct buf to;
	unsigned i;

	buf_init(&to, *state, LIMIT_AUTH_RESULTS_BYTES);
	auth_write_begin(&writer, &to, TEXT("mx.example.net"));
	auth_write_method(&writer, "dkim", "permerror");
	auth_write_reason(&writer,
			  TEXT("the key record has a tag that is there "
			       "twice, which no reader may accept"));
	auth_write_comment(&writer,
			   TEXT("and here is a comment that is longer than "
				"one line of seventy-eight bytes as well"));
	for (i = 0; i < 20; i++)
		auth_write_property(&writer, "header", "d",
				    TEXT("example.com"));
	assert_lines_below(buf_view(&to), 80);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(one_field),
	    arena_unit_test(nothing_to_say),
	    arena_unit_test(hostile_values_read_back),
	    arena_unit_test(every_byte_reads_back),
	    arena_unit_test(what_does_not_fit_is_left_out),
	    arena_unit_test(lines_are_folded_near_78),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
