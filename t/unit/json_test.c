#include "unit.h"

#include <math.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/why.h"

static struct text
written(struct arena *arena, const struct json *value, int indent)
{
	struct buf buf;

	buf_init(&buf, arena, 1000);
	json_write(value, indent, &buf);
	assert_true(buf_ok(&buf));
	return buf_view(&buf);
}

static void
members_keep_their_order(void **state)
{
	struct json *o = json_new_object(*state), *a = json_new_array(*state);

	json_put_string(o, "z", "last first");
	json_put_text(o, "t", TEXT("a\"b\\"));
	json_put_string(o, "n", NULL);
	json_put_null(o, "m");
	json_put_int(o, "i", INT64_MIN);
	json_put_real(o, "r", 12.3);
	json_put_real(o, "no", NAN);
	json_put_bool(o, "b", true);
	json_put(o, "a", a);
	json_add_text(a, TEXT(""));
	json_add(a, json_new_object(*state));
	assert_text(
	    written(*state, o, 0),
	    "{\"z\":\"last first\",\"t\":\"a\\\"b\\\\\",\"n\":null,"
	    "\"m\":null,\"i\":-9223372036854775808,\"r\":12.3,\"no\":null,"
	    "\"b\":true,\"a\":[\"\",{}]}");
}

static void
foreign_bytes_become_text(void **state)
{
	struct json *o = json_new_object(*state);

	json_put_text(o, "t", text_of("\xff\0\r\n\xc3\xbc", 6));
	json_put_text(o, "empty", text_of(NULL, 0));
	assert_text(written(*state, o, 0),
		    "{\"t\":\"????\xc3\xbc\",\"empty\":\"\"}");
}

static void
indented(void **state)
{
	struct json *o = json_new_object(*state);

	json_put_int(o, "one", 1);
	assert_text(written(*state, o, 2), "{\n  \"one\": 1\n}");
}

static void
every_control_character(void **state)
{
	static const char controls[] =
	    "\"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t"
	    "\\n\\u000B\\f\\r\\u000E\\u000F\\u0010\\u0011\\u0012\\u0013\\u0014"
	    "\\u0015\\u0016\\u0017\\u0018\\u0019\\u001A\\u001B\\u001C\\u001D"
	    "\\u001E\\u001F !\\\"\\\\/\x7f\xc3\xbc\"";
	struct json *object = json_new_object(*state);
	char bytes[0x28];
	size_t i;

	for (i = 0; i < 0x20; i++)
		bytes[i] = (char)i;
	memcpy(bytes + i, " !\"\\/\x7f\xc3\xbc", 8);
	json_put_exact(object, "k", text_of(bytes, sizeof(bytes)));
	assert_text(written(*state, object, 0),
		    arena_printf(*state, "{\"k\":%s}", controls));
	assert_text(written(*state, object, 1),
		    arena_printf(*state, "{\n \"k\": %s\n}", controls));
}

static void
a_value_put_twice_is_shared(void **state)
{
	struct json *o = json_new_object(*state), *a = json_new_array(*state);

	json_put(o, "x", a);
	json_put(o, "y", a);
	json_put(o, "x", json_new_object(*state));
	json_add_text(a, TEXT("1"));
	assert_text(written(*state, o, 0), "{\"x\":{},\"y\":[\"1\"]}");
}

static void
exact_text_keeps_its_line_ends(void **state)
{
	struct json *object = json_new_object(*state);
	struct buf to;

	json_put_exact(object, "a", TEXT("x;\r\n\ty"));
	json_put_exact(object, "b", TEXT("\xff\n"));
	buf_init(&to, *state, 1000);
	json_write(object, 0, &to);
	assert_text(buf_view(&to), "{\"a\":\"x;\\r\\n\\ty\",\"b\":\"??\"}");
}

static struct json *
parsed(struct arena *arena, const char *string)
{
	struct json_doubts doubts;
	struct json *json;
	struct why why;

	json = json_parse(arena, text_from(string), &doubts, &why);
	if (json == NULL)
		fail_msg("%s: %s", string, why.text);
	return json;
}

static void
reads_values(void **state)
{
	struct json *o = parsed(*state, "{\"t\":\"a\\u00fc\",\"i\":-5,"
					"\"r\":2.5,\"b\":true,\"n\":null,"
					"\"a\":[1,null,{}],\"t2\":1,"
					"\"t2\":\"last\"}");
	struct json *a = json_member(o, "a");
	struct text text;
	double number;

	assert_int_equal(json_kind(o), JSON_KIND_OBJECT);
	assert_true(json_text(json_member(o, "t"), &text));
	assert_text(text, "a\xc3\xbc");
	assert_false(json_text(json_member(o, "i"), &text));
	assert_true(json_number(json_member(o, "i"), &number));
	assert_true(number == -5);
	assert_true(json_number(json_member(o, "r"), &number));
	assert_true(number == 2.5);
	assert_false(json_number(json_member(o, "b"), &number));
	assert_int_equal(json_kind(json_member(o, "b")), JSON_KIND_BOOL);
	assert_null(json_member(o, "n"));
	assert_null(json_member(o, "absent"));
	assert_null(json_member(a, "no object"));
	assert_int_equal(json_kind(a), JSON_KIND_ARRAY);
	assert_int_equal(json_count(a), 3);
	assert_int_equal(json_count(o), 0);
	assert_null(json_element(a, 1));
	assert_null(json_element(a, 3));
	assert_int_equal(json_kind(json_element(a, 2)), JSON_KIND_OBJECT);
	assert_true(json_text(json_member(o, "t2"), &text));
	assert_text(text, "last");
}

static void
refuses_what_is_no_json(void **state)
{
	static const char *const none[] = {
	    "",	    "1",       "\"a\"",	  "{",	      "[1,]",
	    "{} x", "{'a':1}", "[1e999]", "[\"\n\"]", "[\"\\ud800\"]",
	    "nul"};
	struct json_doubts doubts;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(*none); i++)
		if (json_parse(*state, text_from(none[i]), &doubts, &why) !=
		    NULL)
			fail_msg("%s", none[i]);
}

/* What was built is written as the library writes the same once it was read. */
static void
as_the_library_writes(void **state)
{
	struct json *object = json_new_object(*state);
	struct json *inner = json_new_object(*state);
	struct json *array = json_new_array(*state), *read;
	int indent;

	json_put_int(inner, "least", INT64_MIN);
	json_put_int(inner, "most", INT64_MAX);
	json_put_int(inner, "zero", 0);
	json_put_real(inner, "third", 1.0 / 3);
	json_put_real(inner, "whole", -4);
	json_put_real(inner, "small", 0.000625);
	json_put_bool(inner, "no", false);
	json_add(array, inner);
	json_add_text(array, TEXT("a\"\\/\xc3\xbc"));
	json_add(array, json_new_array(*state));
	json_add(array, json_new_object(*state));
	json_put(object, "list", array);
	json_put_null(object, "");
	read = parsed(*state, text_string(*state, written(*state, object, 0)));
	for (indent = 0; indent < 4; indent++)
		assert_text(written(*state, object, indent),
			    text_string(*state, written(*state, read, indent)));
}

/* What a caller changes afterwards does not show. */
static void
texts_are_copied(void **state)
{
	struct json *object = json_new_object(*state);
	char word[] = "before";

	json_put_string(object, "a", word);
	json_put_text(object, "b", text_from(word));
	json_put_exact(object, "c", text_from(word));
	memcpy(word, "AFTER", 5);
	assert_text(written(*state, object, 0),
		    "{\"a\":\"before\",\"b\":\"before\",\"c\":\"before\"}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(as_the_library_writes),
	    arena_unit_test(texts_are_copied),
	    arena_unit_test(exact_text_keeps_its_line_ends),
	    arena_unit_test(members_keep_their_order),
	    arena_unit_test(foreign_bytes_become_text),
	    arena_unit_test(every_control_character),
	    arena_unit_test(indented),
	    arena_unit_test(reads_values),
	    arena_unit_test(refuses_what_is_no_json),
	    arena_unit_test(a_value_put_twice_is_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
