#include "unit.h"

#include "base/limits.h"
#include "base/tag_list.h"
#include "base/why.h"

static void
tags_in_their_order(void **state)
{
	struct tag_list list;

	assert_true(tag_list_parse(
	    *state, TEXT("v=1; a = rsa-sha256 ;\r\n\tb=Ab\r\n c=; x=;"), &list,
	    NULL));
	assert_int_equal(list.count, 4);
	assert_text(list.first->name, "v");
	assert_text(tag_list_get(&list, "a", TEXT("?")), "rsa-sha256");
	assert_text(tag_list_find(&list, "a")->whole, " rsa-sha256 ");
	assert_text(tag_list_get(&list, "b", TEXT("?")), "Ab\r\n c=");
	assert_text(tag_list_get(&list, "x", TEXT("?")), "");
	assert_text(tag_list_get(&list, "V", TEXT("?")), "?");
	assert_null(tag_list_find(&list, "c"));
}

static void
what_is_no_tag_list(void **state)
{
	const char *bad[] = {"",      "  ",   ";",	  "v",
			     "v=1;;", "=1",   "1=a",	  "v=1; ;",
			     "a b=1", "_a=1", "v=1; v=2", "v=1;\xc3\xbc=1"};
	struct tag_list list;
	struct why why;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		why.text[0] = '\0';
		if (tag_list_parse(*state, text_from(bad[i]), &list, &why))
			fail_msg("\"%s\" was taken", bad[i]);
		assert_true(why.text[0] != '\0');
	}
}

static void
names_differ_by_case(void **state)
{
	struct tag_list list;

	assert_true(tag_list_parse(*state, TEXT("a=1;A=2;a_1=3"), &list, NULL));
	assert_text(tag_list_get(&list, "A", TEXT("?")), "2");
	assert_text(tag_list_get(&list, "a_1", TEXT("?")), "3");
}

static void
many_tags_and_many_bytes(void **state)
{
	char *at = arena_bytes(*state, LIMIT_TAG_LIST_BYTES + 1);
	struct tag_list list;
	size_t len = 0;

	for (int i = 0; i < LIMIT_TAGS; i++)
		len += (size_t)snprintf(at + len, 16, "t%d=;", i);
	assert_true(tag_list_parse(*state, text_of(at, len), &list, NULL));
	len += (size_t)snprintf(at + len, 16, "more=;");
	assert_false(tag_list_parse(*state, text_of(at, len), &list, NULL));
	memset(at, ' ', LIMIT_TAG_LIST_BYTES + 1);
	memcpy(at, "v=1", 3);
	assert_true(tag_list_parse(*state, text_of(at, LIMIT_TAG_LIST_BYTES),
				   &list, NULL));
	assert_false(tag_list_parse(
	    *state, text_of(at, LIMIT_TAG_LIST_BYTES + 1), &list, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(tags_in_their_order),
	    arena_unit_test(what_is_no_tag_list),
	    arena_unit_test(names_differ_by_case),
	    arena_unit_test(many_tags_and_many_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
