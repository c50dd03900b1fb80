#include "unit.h"

#include <unistd.h>

#include "base/why.h"
#include "io/config_common.h"
#include "io/config_reports.h"

static bool
load(struct arena *arena, const char *contents, struct config_reports *reports,
     struct why *why)
{
	char path[] = "/tmp/config_reports_test.XXXXXX";
	int fd = mkstemp(path);
	struct config_source *source;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, contents, strlen(contents)),
			 strlen(contents));
	close(fd);
	source = config_read(arena, path, why);
	unlink(path);
	*reports = (struct config_reports){0};
	return source != NULL &&
	       config_reports_fill(arena, source, reports, why) &&
	       config_check(source, config_known_sections, why);
}

static void
nothing_need_be_set_until_something_is_sent(void **state)
{
	struct config_reports reports;
	struct why why;

	if (!load(*state, "", &reports, &why))
		fail_msg("%s", why.text);
	assert_null(reports.from);
	assert_string_equal(reports.smtp, "127.0.0.1:25");
	assert_int_equal(reports.spread_s, 45 * 60);
	assert_int_equal(reports.preflight_alignment, REPORTS_ALIGN_REQUIRE);
	assert_false(config_reports_can_send(&reports, &why));
	assert_non_null(strstr(why.text, "[reports] from is not set"));
}

static void
one_address_is_enough(void **state)
{
	struct config_reports reports;
	struct why why;

	if (!load(*state, "[reports]\nfrom = dmarc@Example.ORG\n", &reports,
		  &why))
		fail_msg("%s", why.text);
	assert_string_equal(reports.from, "dmarc@example.org");
	assert_string_equal(reports.domain, "example.org");
	assert_string_equal(reports.envelope_domain, "example.org");
	assert_string_equal(reports.contact, "dmarc@example.org");
	assert_true(config_reports_can_send(&reports, &why));
}

static void
what_is_wrong_is_told(void **state)
{
	static const char *const bad[][2] = {
	    {"from = nobody", "from: \"nobody\" is no mail address"},
	    {"from = a@b.example, c@d.example", "is no mail address"},
	    {"contact = a b@c.example", "contact: "},
	    {"envelope_domain = a b", "envelope_domain: \"a b\" is no domain"},
	    {"smtp = localhost", "is no host and port"},
	    {"smtp = localhost:0", "is no host and port"},
	    {"smtp = a/b:25", "is no host and port"},
	    {"smtp = :25", "is no host and port"},
	    {"contact_info = \xc3\xbc", "contact_info: write printable"},
	    {"stop_after = 0", "stop_after"},
	    {"preflight_alignment = no", "preflight_alignment"}};
	struct config_reports reports;
	struct why why;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_false(load(
		    *state, arena_printf(*state, "[reports]\n%s\n", bad[i][0]),
		    &reports, &why));
		if (strstr(why.text, bad[i][1]) == NULL)
			fail_msg("%s: %s", bad[i][0], why.text);
	}
}

static void
the_key_has_its_length(void **state)
{
	char path[] = "/tmp/config_reports_test.XXXXXX";
	struct config_reports reports = {.verp_key = path};
	int fd = mkstemp(path);
	struct text key;
	struct why why;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "0123456789abcdef", 16), 16);
	assert_false(config_reports_verp_key(*state, &reports, &key, &why));
	assert_non_null(strstr(why.text, "holds 16 bytes, and 32"));
	assert_int_equal(write(fd, "0123456789abcdef", 16), 16);
	close(fd);
	assert_true(config_reports_verp_key(*state, &reports, &key, &why));
	assert_int_equal(key.len, 32);
	unlink(path);
	assert_false(config_reports_verp_key(*state, &reports, &key, &why));
	assert_non_null(strstr(why.text, path));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(nothing_need_be_set_until_something_is_sent),
	    arena_unit_test(one_address_is_enough),
	    arena_unit_test(what_is_wrong_is_told),
	    arena_unit_test(the_key_has_its_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
