#include "unit.h"

#include "admin/opendkim_tables.h"
#include "base/why.h"

static void
a_key_table(void **state)
{
	struct opendkim_key *key;
	struct why why;

	if (!opendkim_key_table_read(
		*state,
		TEXT("# keys\n\n"
		     "one\texample.org:2020:/etc/keys/one.private\n"
		     "  two  %:s2:/etc/keys/two:2.private  # any\n"),
		&key, &why))
		fail_msg("%s", why.text);
	assert_text(key->name, "one");
	assert_text(key->domain, "example.org");
	assert_text(key->selector, "2020");
	assert_text(key->file, "/etc/keys/one.private");
	key = key->next;
	assert_text(key->domain, "%");
	assert_text(key->file, "/etc/keys/two:2.private");
	assert_null(key->next);
}

static void
a_signing_table(void **state)
{
	struct opendkim_rule *rule;
	struct why why;

	assert_true(opendkim_signing_table_read(
	    *state,
	    TEXT("*@example.org one\nExample.ORG one\r\n"
		 "bob@example.org two\n.example.org three"),
	    &rule, &why));
	assert_text(rule->pattern, "*@example.org");
	assert_text(rule->key, "one");
	assert_true(opendkim_rule_is_plain(rule, TEXT("example.org")));
	assert_false(opendkim_rule_is_plain(rule, TEXT("example.net")));
	rule = rule->next;
	assert_true(opendkim_rule_is_plain(rule, TEXT("example.org")));
	rule = rule->next;
	assert_false(opendkim_rule_is_plain(rule, TEXT("example.org")));
	rule = rule->next;
	assert_text(rule->key, "three");
	assert_false(opendkim_rule_is_plain(rule, TEXT("example.org")));
	assert_null(rule->next);
}

static void
mistakes_name_the_line(void **state)
{
	struct opendkim_rule *rule;
	struct opendkim_key *key;
	struct why why;

	assert_false(opendkim_key_table_read(
	    *state, TEXT("a b:c:/d\nx example.org:s\n"), &key, &why));
	assert_string_equal(why.text, "line 2: no DOMAIN:SELECTOR:FILE");
	assert_false(opendkim_key_table_read(*state, TEXT("\nx"), &key, &why));
	assert_string_equal(why.text, "line 2: one word where two belong");
	assert_false(
	    opendkim_signing_table_read(*state, TEXT("a b c"), &rule, &why));
	assert_string_equal(why.text, "line 1: more than two words");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(a_key_table),
	    arena_unit_test(a_signing_table),
	    arena_unit_test(mistakes_name_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
