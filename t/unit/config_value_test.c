#include "unit.h"

#include "base/why.h"
#include "io/config_value.h"

static uint64_t
number(struct arena *arena, enum config_type type, const char *value)
{
	struct config_option option = {.name = "n", .type = type};
	uint64_t got = 0;
	struct why why;

	if (!config_value_parse(arena, &option, value, &got, &why))
		fail_msg("%s", why.text);
	return got;
}

static void
refused(struct arena *arena, enum config_type type, const char *value)
{
	struct config_option option = {.name = "n", .type = type};
	uint64_t got = 42;
	struct why why;

	assert_false(config_value_parse(arena, &option, value, &got, &why));
	assert_true(strlen(why.text) > 0);
	assert_int_equal(got, 42);
}

static void
numbers(void **state)
{
	static const char *const wrong[] = {
	    "", "x", "-1", "1.5", "1 x", "0x10", "18446744073709551616"};

	assert_int_equal(number(*state, CONFIG_UINT, "0"), 0);
	assert_true(number(*state, CONFIG_UINT, "18446744073709551615") ==
		    UINT64_MAX);
	assert_int_equal(number(*state, CONFIG_SECONDS, "20"), 20);
	assert_int_equal(number(*state, CONFIG_SECONDS, "20S"), 20);
	assert_int_equal(number(*state, CONFIG_SECONDS, "5m"), 300);
	assert_int_equal(number(*state, CONFIG_SECONDS, "7 d"), 604800);
	assert_int_equal(number(*state, CONFIG_BYTES, "1000"), 1000);
	assert_int_equal(number(*state, CONFIG_BYTES, "64K"), 65536);
	assert_true(number(*state, CONFIG_BYTES, "1T") == 1ull << 40);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		refused(*state, CONFIG_UINT, wrong[i]);
		refused(*state, CONFIG_SECONDS, wrong[i]);
		refused(*state, CONFIG_BYTES, wrong[i]);
	}
	refused(*state, CONFIG_UINT, "1K");
	refused(*state, CONFIG_SECONDS, "1K");
	refused(*state, CONFIG_BYTES, "18014398509481985K");
}

static void
yes_and_no(void **state)
{
	static const char *const yes[] = {"yes", "true", "on", "1", "YES"};
	static const char *const no[] = {"no", "false", "off", "0", "Off"};
	struct config_option option = {.name = "n", .type = CONFIG_BOOL};
	bool got;

	for (int i = 0; i < 5; i++) {
		assert_true(
		    config_value_parse(*state, &option, yes[i], &got, NULL));
		assert_true(got);
		assert_true(
		    config_value_parse(*state, &option, no[i], &got, NULL));
		assert_false(got);
	}
	assert_false(config_value_parse(*state, &option, "2", &got, NULL));
}

static void
values_compare(void **state)
{
	struct config_option strings = {.type = CONFIG_STRINGS};
	struct config_option networks = {.type = CONFIG_NETWORKS};
	struct config_strings a = {0}, b = {0};
	struct config_networks c = {0}, d = {0};

	config_value_parse(*state, &strings, "x, y", &a, NULL);
	config_value_parse(*state, &strings, "x", &b, NULL);
	assert_false(config_value_equal(&strings, &a, &b));
	config_value_parse(*state, &strings, "y", &b, NULL);
	assert_true(config_value_equal(&strings, &a, &b));
	config_value_clear(&strings, &b);
	assert_int_equal(b.count, 0);
	config_value_parse(*state, &networks, "10.0.0.0/8", &c, NULL);
	config_value_parse(*state, &networks, "10.0.0.0/9", &d, NULL);
	assert_false(config_value_equal(&networks, &c, &d));
	config_value_clear(&networks, &d);
	config_value_parse(*state, &networks, "none 10.0.0.0/8", &d, NULL);
	assert_true(config_value_equal(&networks, &c, &d));
}

/* What a person wrote is shown, but not all of it. */
static void
error_is_bounded(void **state)
{
	struct config_option option = {
	    .name = "n", .type = CONFIG_UINT, .help = "write what help says"};
	char *value = arena_bytes(*state, 5001);
	struct why why;
	uint64_t got;

	memset(value, 'x', 5000);
	value[5000] = '\0';
	assert_false(config_value_parse(*state, &option, value, &got, &why));
	assert_true(strlen(why.text) < 150);
	assert_non_null(strstr(why.text,
			       "xxx...\" is no number; write what help says"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(numbers),
	    arena_unit_test(yes_and_no),
	    arena_unit_test(values_compare),
	    arena_unit_test(error_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
