#include "unit.h"

#include "base/limits.h"
#include "mailauth/message.h"

static size_t
parse(struct message *message, struct arena *arena, const char *raw)
{
	message_init(message, arena);
	return message_parse(message, text_from(raw));
}

static void
fields_keep_their_bytes(void **state)
{
	struct message message;
	const struct header_field *field;

	assert_int_equal(parse(&message, *state,
			       "From:  a@example.com \r\n"
			       "Subject: one\r\n\ttwo\r\n"
			       "X-Empty:\r\n"
			       "\r\nbody: x\r\n"),
			 55);
	assert_int_equal(message.count, 3);
	field = message_find(&message, "fROM");
	assert_text(field->value, "  a@example.com ");
	assert_text(field->below->value, " one\r\n\ttwo");
	assert_text(field_unfolded(*state, field->below), "one\ttwo");
	assert_text(field->below->below->name, "X-Empty");
	assert_text(field->below->below->value, "");
	assert_ptr_equal(message.bottom, field->below->below);
	assert_ptr_equal(message.bottom->above, field->below);
	assert_int_equal(message.bottom->position, 2);
}

static void
bare_lf_becomes_crlf_and_bare_cr_stays(void **state)
{
	struct message message;

	message_init(&message, *state);
	message_add(&message, TEXT("A"), TEXT(" one\n two\r\n three\r four"));
	assert_text(message.top->value, " one\r\n two\r\n three\r four");
	message_add(&message, TEXT("B"), TEXT("\n"));
	assert_text(message.bottom->value, "\r\n");
	assert_text(field_unfolded(*state, message.bottom), "");
}

static void
a_break_that_is_no_folding_becomes_a_space(void **state)
{
	struct message message;

	message_init(&message, *state);
	message_add(&message, TEXT("A"), TEXT("one\nX: two\n\nthree\n four"));
	assert_text(field_unfolded(*state, message.top),
		    "one X: two  three four");
}

static void
same_names_in_order(void **state)
{
	struct message message;
	const struct header_field *field;

	parse(&message, *state, "R: 1\nX: -\nr: 2\nRR: -\nR : 3\n\n");
	assert_int_equal(message_count(&message, "R"), 3);
	field = message_find(&message, "R");
	assert_text(field->value, " 1");
	field = message_find_next(field, "R");
	assert_text(field->value, " 2");
	assert_false(field->spaced);
	field = message_find_next(field, "R");
	assert_text(field->name, "R");
	assert_text(field->value, " 3");
	assert_true(field->spaced);
	assert_null(message_find_next(field, "R"));
	assert_null(message_find(&message, "Q"));
}

/* what ends a header section, and how many bytes it has */
static void
header_ends_where_postfix_ends_it(void **state)
{
	static const struct {
		const char *raw;
		size_t fields, used;
	} cases[] = {
	    {"", 0, 0},
	    {"\r\n", 0, 2},
	    {"\nA: 1\n", 0, 1},
	    {" A: 1\n", 0, 0},
	    {"A: 1", 1, 4},
	    {"A: 1\nno field\nB: 2\n", 1, 5},
	    {"A: 1\n: empty name\n", 1, 5},
	    {"A: 1\nb c: 2\n", 1, 5},
	    {"A: 1\n\xc3\xa4: 2\n", 1, 5},
	    {"A: 1\n \nB: 2\n\n", 2, 13},
	    {"A: 1\r\n\r\n", 1, 8},
	    {"A: 1\n\r\rB: 2\n", 1, 5},
	    {"From a@b Mon\nA: 1\n\n", 1, 19},
	    {">From a@b Mon\nFrom : 1\n\n", 1, 24},
	    {"A: 1\nFrom a@b\nB: 2\n\n", 1, 5},
	};
	struct message message;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t used = parse(&message, *state, cases[i].raw);

		if (used != cases[i].used || message.count != cases[i].fields)
			fail_msg("case %zu: %zu fields in %zu bytes", i,
				 message.count, used);
	}
}

static void
fields_beyond_the_limit_are_counted(void **state)
{
	struct message message;
	size_t i;

	message_init(&message, *state);
	for (i = 0; i < 100000; i++)
		message_add(&message, TEXT("X"), TEXT(" 1"));
	assert_int_equal(message.count, LIMIT_HEADER_FIELDS);
	assert_int_equal(message.left_out, 100000 - LIMIT_HEADER_FIELDS);
	assert_true(message.truncated);
}

static void
a_field_of_ten_megabytes_is_left_out(void **state)
{
	struct message message;
	size_t bytes = 10 << 20;
	char *big = test_malloc(bytes);

	memset(big, 'x', bytes);
	message_init(&message, *state);
	assert_non_null(message_add(&message, TEXT("A"), TEXT(" 1")));
	assert_null(message_add(&message, TEXT("B"), text_of(big, bytes)));
	assert_non_null(message_add(&message, TEXT("C"), TEXT(" 3")));
	assert_true(message.truncated);
	assert_int_equal(message.count, 2);
	assert_true(arena_held(*state) < LIMIT_HEADER_BYTES);
	test_free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(fields_keep_their_bytes),
	    arena_unit_test(bare_lf_becomes_crlf_and_bare_cr_stays),
	    arena_unit_test(a_break_that_is_no_folding_becomes_a_space),
	    arena_unit_test(same_names_in_order),
	    arena_unit_test(header_ends_where_postfix_ends_it),
	    arena_unit_test(fields_beyond_the_limit_are_counted),
	    arena_unit_test(a_field_of_ten_megabytes_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
