#include "unit.h"

#include "postfix-policy/override_list.h"

static bool
make(struct arena *arena, const char *name, const char *level,
     const char *match, int64_t until_s, struct tls_override *override)
{
	return override_list_make(arena, text_from(name), text_from(level),
				  text_from(match), TEXT("why"), until_s,
				  override);
}

static void
rows_of_the_table(void **state)
{
	struct tls_override override;

	assert_true(make(*state, ".d.test", "secure", "mx.e.test", 5,
			 &override));
	assert_true(override.is_parent);
	assert_text(override.domain.name, "d.test");
	assert_int_equal(override.level, TLS_LEVEL_SECURE);
	assert_int_equal(override.match_count, 1);
	assert_int_equal(override.until_s, 5);
	assert_text(override.reason, "why");
	assert_true(make(*state, "d.test", "published", "", 0, &override));
	assert_true(override.is_published);
	assert_int_equal(override.until_s, INT64_MAX);
}

/* What cannot be read is no leave to send in the clear. */
static void
what_cannot_be_read_makes_mail_wait(void **state)
{
	struct tls_override override;

	assert_true(make(*state, "d.test", "fingerprint", "", 0, &override));
	assert_int_equal(override.level, TLS_LEVEL_UNSET);
	assert_false(override.is_published);
	assert_true(make(*state, "d.test", "secure", "a b", 0, &override));
	assert_int_equal(override.level, TLS_LEVEL_UNSET);
	assert_true(make(*state, "d.test", "may", "mx.d.test", 0, &override));
	assert_int_equal(override.level, TLS_LEVEL_UNSET);
	assert_false(make(*state, "a b", "may", "", 0, &override));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(rows_of_the_table),
	    arena_unit_test(what_cannot_be_read_makes_mail_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
