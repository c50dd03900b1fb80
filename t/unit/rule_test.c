#include "unit.h"

#include "judge/rule.h"

/* t/cases/rule has the rest. */

static void
kinds_have_words(void **state)
{
	assert_int_equal(rule_kind_of(TEXT("list")), RULE_LIST);
	assert_int_equal(rule_kind_of(TEXT("from")), RULE_FROM);
	assert_int_equal(rule_kind_of(TEXT("none")), RULE_NONE);
	assert_int_equal(rule_kind_of(TEXT("")), RULE_NONE);
	assert_string_equal(rule_kind_name(RULE_LIST), "list");
	assert_string_equal(rule_kind_name(RULE_FROM), "from");
}

static void
cleared_memory_is_met_by_nothing(void **state)
{
	const struct domain domain = {TEXT_INIT("b.example")};
	const struct rule_message message = {.list_id = TEXT("a.b.example"),
					     .address = TEXT("a@b.example"),
					     .address_domain = domain,
					     .dmarc = domain,
					     .verified = &domain,
					     .verified_count = 1};
	const struct rule nothing = {0}, list = {.kind = RULE_LIST},
			  from = {.kind = RULE_FROM},
			  no_domain = {.kind = RULE_LIST,
				       .value = TEXT("a.b.example")};
	const struct rule_message empty = {0};
	struct rule suggested;

	assert_false(rule_is_met(&nothing, &message));
	assert_false(rule_is_met(&list, &message));
	assert_false(rule_is_met(&from, &message));
	assert_false(rule_is_met(&no_domain, &message));
	assert_false(rule_is_met(&from, &empty));
	assert_false(rule_is_met(&list, &empty));
	assert_false(rule_suggest(&empty, &suggested));
	assert_null(rule_match(NULL, 0, &message));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(kinds_have_words),
	    arena_unit_test(cleared_memory_is_met_by_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
