#include "unit.h"

#include <unistd.h>

#include "base/why.h"
#include "dmarc-reporter/intake_names.h"

static bool
has(struct arena *arena, const struct intake_names *names, const char *name)
{
	struct domain domain;

	assert_true(domain_parse(arena, text_from(name), &domain, NULL));
	return intake_names_has(names, domain);
}

static void
names_and_what_lies_below(void **state)
{
	struct intake_names names = {0};
	struct domain none = {0};
	struct why why;

	assert_false(has(*state, &names, "example.com"));
	assert_true(
	    intake_names_add(*state, &names, TEXT("Example.COM."), &why));
	assert_true(
	    intake_names_add(*state, &names, TEXT(".sub.example"), &why));
	assert_true(intake_names_add(*state, &names, TEXT("a.example"), &why));
	intake_names_sort(&names);
	assert_true(has(*state, &names, "example.com"));
	assert_true(has(*state, &names, "a.example"));
	assert_false(has(*state, &names, "b.a.example"));
	assert_false(has(*state, &names, "xexample.com"));
	assert_false(has(*state, &names, "com"));
	assert_false(has(*state, &names, "sub.example"));
	assert_true(has(*state, &names, "a.sub.example"));
	assert_true(has(*state, &names, "b.a.sub.example"));
	assert_false(has(*state, &names, "a.xsub.example"));
	assert_false(intake_names_has(&names, none));
	assert_false(intake_names_add(*state, &names, TEXT("a b"), &why));
	assert_non_null(strstr(why.text, "\"a b\" is no domain"));
}

static void
names_from_a_file(void **state)
{
	char path[] = "/tmp/signet-names.XXXXXX";
	struct intake_names names = {0};
	struct why why;
	FILE *file = fdopen(mkstemp(path), "w");
	unsigned i;

	assert_non_null(file);
	fputs("# ours\n\nexample.com # the first\n  example.net\r\n", file);
	for (i = 0; i < 1000; i++)
		fprintf(file, "n%u.example\n", i);
	fclose(file);
	assert_true(intake_names_add_file(*state, &names, path, &why));
	intake_names_sort(&names);
	assert_int_equal(names.count, 1002);
	assert_true(has(*state, &names, "example.net"));
	assert_true(has(*state, &names, "n999.example"));
	file = fopen(path, "w");
	fputs("example.com\nno domain\n", file);
	fclose(file);
	assert_false(intake_names_add_file(*state, &names, path, &why));
	assert_non_null(strstr(why.text, ":2: \"no domain\""));
	unlink(path);
	assert_false(intake_names_add_file(*state, &names, path, &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(names_and_what_lies_below),
	    arena_unit_test(names_from_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
