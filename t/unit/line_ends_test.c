#include "unit.h"

#include "mailauth/line_ends.h"

static const struct {
	const char *body;
	bool cr, lf;
} bodies[] = {
    {"", false, false},
    {"text", false, false},
    {"a\r\nb\r\n", false, false},
    {"\r\n\r\n.\r\n", false, false},
    {"a\nb", false, true},
    {"\n", false, true},
    {"\n.\n", false, true},
    {"\r\n.\n", false, true},
    {"a\r\n\nb\r\n", false, true},
    {"a\rb", true, false},
    {"\r", true, false},
    {"a\r\r\n", true, false},
    {"\r\n.\r", true, false},
    {"\n\r", true, true},
    {"\n.\r", true, true},
};

static void
check(const struct line_ends *ends, size_t i)
{
	assert_int_equal(ends->bare_cr, bodies[i].cr);
	assert_int_equal(ends->bare_lf, bodies[i].lf);
}

/* Cut in two at each byte. */
static void
item_33_bare_bytes_of_a_body(void **state)
{
	size_t i, cut;

	(void)state;
	for (i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		struct text body = text_from(bodies[i].body);

		for (cut = 0; cut <= body.len; cut++) {
			struct line_ends ends = {0};

			line_ends_body(&ends, text_first(body, cut));
			line_ends_body(&ends, TEXT(""));
			line_ends_body(&ends, text_skip(body, cut));
			line_ends_finish(&ends);
			check(&ends, i);
		}
	}
}

static void
once_found_it_stays(void **state)
{
	struct line_ends ends = {0};

	(void)state;
	line_ends_body(&ends, TEXT("a\rb\nc\r"));
	line_ends_body(&ends, TEXT("\nd\r\n"));
	line_ends_finish(&ends);
	line_ends_field(&ends, TEXT(" good"));
	assert_true(ends.bare_cr && ends.bare_lf);
}

/* A folded field has line feeds. */
static void
item_33_a_bare_cr_in_a_field(void **state)
{
	static const struct {
		const char *value;
		bool cr;
	} fields[] = {
	    {"", false},	   {" a\n\tb", false}, {" a\r\n\tb", false},
	    {" a\rb", true},	   {" a\r", true},     {"\r\r\n b", true},
	    {" a\r\n b\rc", true},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		struct line_ends ends = {0};

		line_ends_field(&ends, text_from(fields[i].value));
		line_ends_body(&ends, TEXT("body\r\n"));
		line_ends_finish(&ends);
		assert_int_equal(ends.bare_cr, fields[i].cr);
		assert_false(ends.bare_lf);
	}
}

static void
words(void **state)
{
	(void)state;
	assert_null(line_ends_words(&(struct line_ends){.cr = true}));
	assert_string_equal(
	    line_ends_words(&(struct line_ends){.bare_cr = true}), "bare CR");
	assert_string_equal(
	    line_ends_words(&(struct line_ends){.bare_lf = true}), "bare LF");
	assert_string_equal(line_ends_words(&(struct line_ends){
				.bare_cr = true, .bare_lf = true}),
			    "bare CR and bare LF");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(item_33_bare_bytes_of_a_body),
	    cmocka_unit_test(once_found_it_stays),
	    cmocka_unit_test(item_33_a_bare_cr_in_a_field),
	    cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
