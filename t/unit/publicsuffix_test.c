#include "unit.h"

#include <unistd.h>

#include "base/publicsuffix.h"
#include "base/why.h"

static const char rules[] = "// a list\n"
			    "test\n"
			    "co.test\n"
			    "*.wild\n"
			    "!city.wild\n";

static struct public_suffix_list *
open_rules(void)
{
	char path[] = "/tmp/signet-psl-XXXXXX";
	struct public_suffix_list *list;
	struct why why;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, rules, strlen(rules)), strlen(rules));
	close(fd);
	list = public_suffix_list_open(path, &why);
	unlink(path);
	if (list == NULL)
		fail_msg("%s", why.text);
	return list;
}

static void
organizational_domains(void **state)
{
	static const char *const pairs[][2] = {{"a.b.test", "b.test"},
					       {"b.test", "b.test"},
					       {"test", "test"},
					       {"co.test", "co.test"},
					       {"x.y.co.test", "y.co.test"},
					       {"a.b.c.wild", "b.c.wild"},
					       {"x.city.wild", "city.wild"},
					       {"a.unlisted", "a.unlisted"},
					       {"b.a.unlisted", "a.unlisted"}};
	struct public_suffix_list *list = open_rules();
	struct domain d;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		assert_true(
		    domain_parse(*state, text_from(pairs[i][0]), &d, NULL));
		assert_text(public_suffix_organizational(list, d).name,
			    pairs[i][1]);
	}
	assert_true(domain_parse(*state, TEXT("co.test"), &d, NULL));
	assert_true(public_suffix_is(list, d));
	assert_true(domain_parse(*state, TEXT("a.co.test"), &d, NULL));
	assert_false(public_suffix_is(list, d));
	d = (struct domain){{NULL, 0}};
	assert_false(public_suffix_is(list, d));
	assert_false(domain_is_set(public_suffix_organizational(list, d)));
	public_suffix_list_close(list);
}

static void
a_file_that_is_not_there(void **state)
{
	struct why why;

	assert_null(public_suffix_list_open("/nonexistent/list", &why));
	assert_non_null(strstr(why.text, "/nonexistent/list"));
	assert_null(public_suffix_list_open("/dev/null", &why));
	assert_non_null(strstr(why.text, "/dev/null"));
	public_suffix_list_close(NULL);
}

static void
the_list_built_in(void **state)
{
	struct public_suffix_list *list = public_suffix_list_open(NULL, NULL);
	struct domain d;

	assert_non_null(list);
	assert_true(domain_parse(*state, TEXT("mail.a.co.uk"), &d, NULL));
	assert_text(public_suffix_organizational(list, d).name, "a.co.uk");
	public_suffix_list_close(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(organizational_domains),
	    cmocka_unit_test(a_file_that_is_not_there),
	    arena_unit_test(the_list_built_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
