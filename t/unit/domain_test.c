#include "unit.h"

#include "base/domain.h"
#include "base/limits.h"
#include "base/why.h"

static struct domain
parsed(void **state, const char *text)
{
	struct domain domain;
	struct why why;

	if (!domain_parse(*state, text_from(text), &domain, &why))
		fail_msg("%s: %s", text, why.text);
	return domain;
}

static bool
fails(void **state, struct text text)
{
	struct domain domain;
	struct why why = {""};
	bool good = domain_parse(*state, text, &domain, &why);

	assert_true(good == domain_is_set(domain));
	assert_true(good || why.text[0] != '\0');
	return !good;
}

static void
names_become_lower_case_without_final_dot(void **state)
{
	assert_text(parsed(state, "example.com").name, "example.com");
	assert_text(parsed(state, "EXAMPLE.Com.").name, "example.com");
	assert_text(parsed(state, "_dmarc.a-b.9.test").name,
		    "_dmarc.a-b.9.test");
	assert_text(parsed(state, "com").name, "com");
}

static void
what_is_no_name(void **state)
{
	const char *bad[] = {"",
			     "..",
			     "a..b",
			     ".a",
			     "a b",
			     "a@b",
			     "[1.2.3.4]",
			     "a/b",
			     "a\nb",
			     "\xff.test",
			     "a..",
			     "\xc2\xad.test",
			     "a.\xe3\x80\x82"};
	char long_label[80], long_name[300];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!fails(state, text_from(bad[i])))
			fail_msg("\"%s\" was taken", bad[i]);
	assert_true(fails(state, text_of("a\0b", 3)));
	assert_true(fails(state, text_of("\xc3\xbc\0b", 4)));
	memset(long_label, 'a', sizeof(long_label));
	assert_false(fails(state, text_of(long_label, 63)));
	assert_true(fails(state, text_of(long_label, 64)));
	for (size_t i = 0; i < sizeof(long_name); i++)
		long_name[i] = i % 2 ? '.' : 'a';
	assert_false(fails(state, text_of(long_name, 253)));
	assert_false(fails(state, text_of(long_name, 254)));
	assert_true(fails(state, text_of(long_name, 255)));
}

/* Names by which verifiers and the DNS were made to see different domains. */
static void
espoofer_a3_a4_names(void **state)
{
	assert_true(fails(state, text_of("victim.test\0.attacker.test", 26)));
	assert_true(fails(state, TEXT("victim.test\"any.attacker.test")));
	assert_true(fails(state, TEXT("victim.test'a.attacker.test")));
	assert_true(fails(state, TEXT("victim.test(.attacker.test")));
	assert_true(fails(state, TEXT("victim.test;.attacker.test")));
	assert_true(fails(state, TEXT("victim.test\r\n.attacker.test")));
	assert_true(fails(state, TEXT("victim.test\xe2\x80\x8b\xff")));
}

static void
u_labels_become_a_labels(void **state)
{
	assert_text(parsed(state, "B\xc3\xbc"
				  "cher.example")
			.name,
		    "xn--bcher-kva.example");
	/* non-transitional: sharp s stays a letter */
	assert_text(parsed(state, "fa\xc3\x9f.de").name, "xn--fa-hia.de");
	assert_text(parsed(state, "\xe4\xbe\x8b\xe3\x80\x82test").name,
		    "xn--fsq.test");
	assert_text(parsed(state, "_spf.\xc3\xbc.test").name,
		    "_spf.xn--tda.test");
}

static void
parents_and_children(void **state)
{
	struct domain d = parsed(state, "a.b.example.com");

	assert_int_equal(domain_labels(d), 4);
	assert_text(domain_parent(d).name, "b.example.com");
	assert_false(domain_is_set(domain_parent(parsed(state, "com"))));
	assert_text(domain_last_labels(d, 2).name, "example.com");
	assert_text(domain_last_labels(d, 9).name, "a.b.example.com");
	assert_false(domain_is_set(domain_last_labels(d, 0)));
	assert_true(domain_is_within(d, parsed(state, "example.com")));
	assert_true(domain_is_within(d, d));
	assert_false(domain_is_within(d, parsed(state, "xample.com")));
	assert_false(domain_is_within(parsed(state, "example.com"), d));
	assert_true(domain_equal(d, parsed(state, "A.b.example.COM.")));
	assert_false(domain_equal(d, parsed(state, "b.example.com")));
}

static void
people_see_u_labels_only_where_safe(void **state)
{
	assert_text(
	    domain_for_people(*state, parsed(state, "xn--bcher-kva.example")),
	    "b\xc3\xbc"
	    "cher.example");
	/* Cyrillic that reads "apple", and one Cyrillic letter in Latin */
	assert_text(
	    domain_for_people(*state, parsed(state, "xn--80ak6aa92e.com")),
	    "xn--80ak6aa92e.com");
	assert_text(
	    domain_for_people(*state, parsed(state, "p\xd0\xb0ypal.com")),
	    "xn--pypal-4ve.com");
	assert_text(
	    domain_for_people(*state, parsed(state, "xn--zzzzzzzz.test")),
	    "xn--zzzzzzzz.test");
	assert_text(domain_for_people(*state, parsed(state, "a.xn--4db")),
		    "a.xn--4db");
	assert_text(domain_for_people(*state, parsed(state, "a.test")),
		    "a.test");
}

static void
a_labels_that_idna_never_makes(void **state)
{
	assert_true(domain_is_idna(*state, parsed(state, "a.test")));
	assert_true(domain_is_idna(*state, parsed(state, "xn--tda.test")));
	assert_false(domain_is_idna(*state, parsed(state, "xn--a.test")));
	assert_false(
	    domain_is_idna(*state, parsed(state, "a.xn--zzzzzzzz.test")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(names_become_lower_case_without_final_dot),
	    arena_unit_test(what_is_no_name),
	    arena_unit_test(espoofer_a3_a4_names),
	    arena_unit_test(u_labels_become_a_labels),
	    arena_unit_test(parents_and_children),
	    arena_unit_test(people_see_u_labels_only_where_safe),
	    arena_unit_test(a_labels_that_idna_never_makes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
