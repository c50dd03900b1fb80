#include "unit.h"

#include "base/limits.h"
#include "base/why.h"
#include "milter/key_table.h"
#include "milter/sender_table.h"
#include "milter/sign_rules.h"
#include "milter/signing_table.h"
#include "milter/table_line.h"
#include "milter/wildcard.h"

static void
wildcards(void **state)
{
	const char *good[][2] = {
	    {"", ""},		{"*", ""},	  {"*", "abc"},
	    {"a*c", "abc"},	{"a*c", "ac"},	  {"a*c", "acbc"},
	    {"*@x.y", "A@X.Y"}, {"**a**", "bab"}, {"*a*b*c", "xaybzc"},
	};
	const char *bad[][2] = {
	    {"", "a"},	      {"a", ""},      {"a*c", "acb"}, {"*a", "ab"},
	    {"*@x.y", "a@x"}, {"a?c", "abc"}, {"*a*b", "ba"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!wildcard_matches(text_from(good[i][0]),
				      text_from(good[i][1])))
			fail_msg("%s %s", good[i][0], good[i][1]);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (wildcard_matches(text_from(bad[i][0]),
				     text_from(bad[i][1])))
			fail_msg("%s %s", bad[i][0], bad[i][1]);
}

static void
wildcards_without_blow_up(void **state)
{
	char pattern[401], text[20001];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
		pattern[i] = i % 2 == 0 ? '*' : 'a';
	pattern[sizeof(pattern) - 2] = 'b';
	assert_false(wildcard_matches(text_of(pattern, sizeof(pattern) - 1),
				      text_of(text, sizeof(text) - 1)));
}

static void
lines(void **state)
{
	struct table_lines in;
	struct table_line line;

	(void)state;
	table_lines_init(&in, TEXT("# x\n\n a  b c # d\r\n#\nlast"));
	assert_true(table_lines_next(&in, &line));
	assert_text(line.key, "a");
	assert_text(line.value, "b c");
	assert_int_equal(line.number, 3);
	assert_true(table_lines_next(&in, &line));
	assert_text(line.key, "last");
	assert_text(line.value, "");
	assert_int_equal(line.number, 5);
	assert_false(table_lines_next(&in, &line));
}

static void
key_tables(void **state)
{
	const char *bad[] = {
	    "a", "a b", "a b:c", "a b:c:", "a b::d", "a b c:d:/e", "a :s:/k"};
	const struct key_entry *entry;
	struct key_table table;
	struct why why;

	assert_true(key_table_parse(*state,
				    TEXT("Default example.com:s:/k\n"
					 "any %:s2:./keys/%.pem\n"
					 "in example.com : s3 : MIIE"),
				    &table, &why));
	assert_int_equal(table.count, 3);
	entry = key_table_find(&table, TEXT("DEFAULT"));
	assert_non_null(entry);
	assert_text(entry->domain.name, "example.com");
	assert_text(entry->selector, "s");
	assert_true(entry->key_is_file);
	entry = key_table_find(&table, TEXT("any"));
	assert_false(domain_is_set(entry->domain));
	assert_true(entry->key_is_file);
	entry = key_table_find(&table, TEXT("in"));
	assert_text(entry->selector, "s3");
	assert_false(entry->key_is_file);
	assert_null(key_table_find(&table, TEXT("none")));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_false(
		    key_table_parse(*state, text_from(bad[i]), &table, &why));
		assert_int_equal(strncmp(why.text, "1: ", 3), 0);
	}
}

static size_t
find(struct arena *arena, const struct signing_table *table, const char *user,
     const char *host, bool all, const struct signing_entry **found)
{
	return signing_table_match(table, arena, text_from(user),
				   text_from(host), all, found, 8);
}

static void
signing_tables_with_wildcards(void **state)
{
	const struct signing_entry *found[8];
	struct signing_table table;

	assert_true(signing_table_parse(*state,
					TEXT("*@a.test one\n"
					     "x@* two:%\n"
					     "* three:who@b.test\n"),
					true, &table, NULL));
	assert_int_equal(find(*state, &table, "x", "A.test", false, found), 1);
	assert_text(found[0]->key_name, "one");
	assert_int_equal(find(*state, &table, "x", "a.test", true, found), 3);
	assert_text(found[1]->key_name, "two");
	assert_text(found[1]->signer, "%");
	assert_text(found[2]->signer, "who@b.test");
	assert_int_equal(find(*state, &table, "y", "b.test", true, found), 1);
	assert_int_equal(signing_table_match(&table, *state, TEXT("x"),
					     TEXT("a.test"), true, found, 2),
			 2);
}

/* opendkim.conf(5): the order for all tables but a refile */
static void
signing_tables_by_key(void **state)
{
	const char *order[] = {"u@d.c.test", "d.c.test", "u@.c.test", "u@.test",
			       ".c.test",    ".test",	 "u@*",	      "*"};
	const struct signing_entry *found[8];
	struct signing_table table;
	char contents[400] = "";
	size_t count = sizeof(order) / sizeof(*order), i, used = 0;

	/* backwards in the file, so that its order is not the reason */
	for (i = count; i > 0; i--)
		used +=
		    (size_t)snprintf(contents + used, sizeof(contents) - used,
				     "%s k%zu\n", order[i - 1], i - 1);
	assert_true(signing_table_parse(*state, text_from(contents), false,
					&table, NULL));
	assert_int_equal(find(*state, &table, "U", "D.c.test", true, found),
			 count);
	for (i = 0; i < count; i++)
		assert_text(found[i]->pattern, order[i]);
	assert_int_equal(find(*state, &table, "v", "x.test", false, found), 1);
	assert_text(found[0]->pattern, ".test");
	assert_int_equal(find(*state, &table, "v", "x.other", false, found), 1);
	assert_text(found[0]->pattern, "*");
	assert_false(
	    signing_table_parse(*state, TEXT("a\n"), false, &table, NULL));
}

static unsigned
rule_for(struct arena *arena, const struct sign_rules *rules, const char *user,
	 const char *host, const char *login)
{
	const struct sign_rule *rule = sign_rules_match(
	    rules, arena, text_from(user), text_from(host), text_from(login));

	return rule != NULL ? rule->line : 0;
}

static void
rules(void **state)
{
	struct sign_rules list;
	struct why why;

	assert_true(sign_rules_parse(*state,
				     TEXT("login:bot* example.net\n"
					  "a@example.com none\n"
					  "*.example.com example.com s1 s2\n"
					  "/^[x-z]{1,3}@/ example.com\n"
					  "EXAMPLE.org example.com\n"),
				     &list, &why));
	assert_int_equal(rule_for(*state, &list, "q", "w.test", "Bot7"), 1);
	assert_int_equal(rule_for(*state, &list, "q", "w.test", ""), 0);
	assert_int_equal(rule_for(*state, &list, "A", "example.com", ""), 2);
	assert_int_equal(rule_for(*state, &list, "b", "s.example.com", "u"), 3);
	assert_int_equal(rule_for(*state, &list, "b", "example.com", ""), 0);
	assert_int_equal(rule_for(*state, &list, "XY", "w.test", ""), 4);
	assert_int_equal(rule_for(*state, &list, "a", "example.org", ""), 5);
	assert_false(domain_is_set(list.first->next->domain));
	assert_int_equal(list.first->next->next->selector_count, 2);
}

static void
rules_that_are_refused(void **state)
{
	const char *bad[] = {"a",
			     "a b..c",
			     "/x/",
			     "/a( example.com",
			     "/a(/ example.com",
			     "// example.com",
			     "/(a)\\1/ x.test",
			     "/a{65}/ x.test",
			     "/a{1,9999}/ x.test",
			     "a x.test 1 2 3 4 5 6 7 8 9"};
	struct sign_rules list;
	struct why why;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (sign_rules_parse(*state, text_from(bad[i]), &list, &why))
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(strncmp(why.text, "1: ", 3), 0);
	}
}

static bool
owns(struct arena *arena, const struct sender_table *table, const char *login,
     const char *user, const char *host)
{
	struct sender_question question = {text_from(user), text_from(host),
					   text_from(login),
					   TEXT("mx.example.com"), TEXT("+-")};
	const struct sender_entry *entry =
	    sender_table_find(table, arena, &question);

	return entry != NULL && sender_entry_has(entry, question.login);
}

static void
senders(void **state)
{
	struct sender_table table;
	struct arena *arena = *state;

	assert_true(sender_table_parse(
	    arena,
	    TEXT("# comment\n"
		 "Ann@Example.com ann,bob\n"
		 "ann@example.com eve\n"
		 "@example.com\n\tcarol\n# between\n  dave , erin\n"
		 "\n"
		 "root admin\n"
		 "\"a b\"@example.com quoted\n"
		 "x@b\xc3\xbc"
		 "cher.test umlaut"),
	    &table, NULL));
	assert_int_equal(table.count, 6);
	assert_true(owns(arena, &table, "ANN", "ann", "example.com"));
	assert_true(owns(arena, &table, "bob", "ANN", "example.com"));
	/* the first of two lines counts */
	assert_false(owns(arena, &table, "eve", "ann", "example.com"));
	/* the whole address wins over its domain */
	assert_false(owns(arena, &table, "carol", "ann", "example.com"));
	assert_true(owns(arena, &table, "carol", "x", "example.com"));
	assert_true(owns(arena, &table, "dave", "x", "example.com"));
	assert_true(owns(arena, &table, "erin", "x", "example.com"));
	assert_false(owns(arena, &table, "", "x", "example.com"));
	assert_true(owns(arena, &table, "ann", "ann+x", "example.com"));
	assert_true(owns(arena, &table, "ann", "ann-x+y", "example.com"));
	assert_false(owns(arena, &table, "ann", "+ann", "example.com"));
	assert_true(owns(arena, &table, "admin", "root", "mx.example.com"));
	assert_false(owns(arena, &table, "admin", "root", "other.test"));
	assert_true(owns(arena, &table, "quoted", "a b", "example.com"));
	assert_true(owns(arena, &table, "umlaut", "x", "xn--bcher-kva.test"));
	assert_false(owns(arena, &table, "ann", "ann", "sub.example.com"));
}

static void
senders_that_are_refused(void **state)
{
	struct sender_table table;
	struct why why;
	char *text;

	assert_false(sender_table_parse(
	    *state, TEXT("a@b.test x\n# c\n\nd@b.test\n"), &table, &why));
	assert_int_equal(strncmp(why.text, "4: ", 3), 0);
	assert_false(
	    sender_table_parse(*state, TEXT("  continued x"), &table, NULL) &&
	    table.count == 0);
	/* a line without an end */
	text = arena_bytes(*state, 4 * LIMIT_FIELD_BYTES);
	memset(text, 'x', 4 * LIMIT_FIELD_BYTES);
	for (size_t i = 0; i < 4; i++)
		memcpy(text + i * LIMIT_FIELD_BYTES, i == 0 ? "a@b y" : "\n y",
		       i == 0 ? 5 : 3);
	assert_false(sender_table_parse(
	    *state, text_of(text, 4 * LIMIT_FIELD_BYTES), &table, &why));
	assert_true(sender_table_parse(*state, TEXT(""), &table, NULL));
	assert_int_equal(table.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(wildcards),
	    arena_unit_test(wildcards_without_blow_up),
	    arena_unit_test(lines),
	    arena_unit_test(key_tables),
	    arena_unit_test(signing_tables_with_wildcards),
	    arena_unit_test(signing_tables_by_key),
	    arena_unit_test(rules),
	    arena_unit_test(rules_that_are_refused),
	    arena_unit_test(senders),
	    arena_unit_test(senders_that_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
