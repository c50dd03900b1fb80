#include "unit.h"

#include "admin/key_state.h"
#include "base/why.h"

static void
a_life_in_order(void **state)
{
	enum key_state at;
	struct why why;

	(void)state;
	for (at = KEY_MADE; at < KEY_DELETED; at++)
		if (!key_state_may(at, at + 1, &why))
			fail_msg("%s: %s", key_state_name(at), why.text);
}

static void
no_other_steps_than_these(void **state)
{
	static const char *const may[] = {
	    "published deleted", "active revoked deleted",
	    "retired revoked",	 "active revoked",
	    "deleted",		 ""};
	enum key_state from, to;
	struct why why;
	bool wanted;

	(void)state;
	for (from = KEY_MADE; from <= KEY_DELETED; from++)
		for (to = KEY_MADE; to <= KEY_DELETED; to++) {
			wanted = strstr(may[from - KEY_MADE],
					key_state_name(to)) != NULL;
			if (key_state_may(from, to, &why) != wanted)
				fail_msg("%s to %s", key_state_name(from),
					 key_state_name(to));
			if (!wanted)
				assert_true(strlen(why.text) > 10);
		}
}

static void
names_there_and_back(void **state)
{
	enum key_state at;

	(void)state;
	for (at = KEY_MADE; at <= KEY_DELETED; at++)
		assert_int_equal(key_state_of(text_from(key_state_name(at))),
				 at);
	assert_int_equal(key_state_of(TEXT("Active")), KEY_NO_STATE);
	assert_int_equal(key_state_of(TEXT("")), KEY_NO_STATE);
}

static void
only_an_active_key_has_the_signers_name(void **state)
{
	(void)state;
	assert_string_equal(key_state_suffix(KEY_ACTIVE), ".pem");
	assert_string_equal(key_state_suffix(KEY_MADE), ".pem.made");
	assert_string_equal(key_state_suffix(KEY_DELETED), ".pem.deleted");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_life_in_order),
	    cmocka_unit_test(no_other_steps_than_these),
	    cmocka_unit_test(names_there_and_back),
	    cmocka_unit_test(only_an_active_key_has_the_signers_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
