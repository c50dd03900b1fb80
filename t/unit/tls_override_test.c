#include "unit.h"

#include "base/limits.h"
#include "base/why.h"
#include "mailtls/tls_override.h"

static struct tls_override
made(struct arena *arena, const char *name, const char *level, int64_t until_s)
{
	struct tls_override override = {.until_s = until_s};

	assert_true(tls_override_name(arena, text_from(name), &override, NULL));
	assert_true(tls_override_level(text_from(level), &override, NULL));
	return override;
}

static const struct tls_override *
find(struct arena *arena, const struct tls_override *list, size_t count,
     const char *name, int64_t now_s)
{
	struct domain domain;

	assert_true(domain_parse(arena, text_from(name), &domain, NULL));
	return tls_override_find(list, count, domain, now_s);
}

static void
nearest_counts_until_its_end(void **state)
{
	struct tls_override list[] = {
	    made(*state, ".test", "may", INT64_MAX),
	    made(*state, ".d.TEST", "encrypt", 100),
	    made(*state, "a.d.test", "published", 50),
	    made(*state, ".a.d.test", "none", INT64_MAX)};

	assert_ptr_equal(find(*state, list, 4, "a.d.test", 49), &list[2]);
	assert_true(list[2].is_published);
	assert_ptr_equal(find(*state, list, 4, "a.d.test", 50), &list[1]);
	assert_ptr_equal(find(*state, list, 4, "a.d.test", 100), &list[0]);
	assert_ptr_equal(find(*state, list, 4, "d.test", 1), &list[0]);
	assert_ptr_equal(find(*state, list, 4, "x.a.d.test", 1), &list[3]);
	assert_null(find(*state, list, 4, "test", 1));
	assert_null(find(*state, list, 4, "ad.testing", 1));
	assert_null(tls_override_find(list, 4, (struct domain){{NULL, 0}}, 1));
}

static void
names(void **state)
{
	struct tls_override override;
	struct why why;

	assert_true(tls_override_name(*state,
				      TEXT(".b\xc3\xbc"
					   "cher.test"),
				      &override, &why));
	assert_true(override.is_parent);
	assert_text(override.domain.name, "xn--bcher-kva.test");
	assert_false(tls_override_name(*state, TEXT(""), &override, &why));
	assert_false(tls_override_name(*state, TEXT("."), &override, &why));
	assert_false(tls_override_name(*state, TEXT("a b"), &override, &why));
}

static void
levels(void **state)
{
	static const char *const words[] = {"none", "may",	 "encrypt",
					    "dane", "dane-only", "secure"};
	struct tls_override override;
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		override = made(*state, "a.test", words[i], 1);
		assert_string_equal(tls_level_name(override.level), words[i]);
		assert_false(override.is_published);
	}
	assert_false(tls_override_level(TEXT("verify"), &override, &why));
	assert_false(tls_override_level(TEXT(""), &override, &why));
	assert_null(tls_level_name(TLS_LEVEL_UNSET));
}

static void
names_of_certificates(void **state)
{
	struct tls_override override =
	    made(*state, "a.test", "secure", INT64_MAX);
	char many[LIMIT_TLS_OVERRIDE_NAMES * 2 + 2];
	struct why why;
	size_t i;

	assert_true(tls_override_match(*state, TEXT("MX.a.test:.b.test"),
				       &override, &why));
	assert_int_equal(override.match_count, 2);
	assert_text(override.match[0], "mx.a.test");
	assert_text(override.match[1], ".b.test");
	assert_true(
	    tls_override_match(*state, text_of(NULL, 0), &override, &why));
	assert_int_equal(override.match_count, 0);
	assert_false(
	    tls_override_match(*state, TEXT("hostname"), &override, &why));
	assert_false(tls_override_match(*state, TEXT("a.test:nexthop"),
					&override, &why));
	assert_false(
	    tls_override_match(*state, TEXT("a.test:"), &override, &why) &&
	    override.match_count != 1);
	assert_false(tls_override_match(*state, TEXT("a b"), &override, &why));
	for (i = 0; i < sizeof(many); i++)
		many[i] = i % 2 ? ':' : 'a';
	assert_false(tls_override_match(*state, text_of(many, sizeof(many)),
					&override, &why));
	override = made(*state, "a.test", "may", INT64_MAX);
	assert_false(
	    tls_override_match(*state, TEXT("a.test"), &override, &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(nearest_counts_until_its_end),
	    arena_unit_test(names),
	    arena_unit_test(levels),
	    arena_unit_test(names_of_certificates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
