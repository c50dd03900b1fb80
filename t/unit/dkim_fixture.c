#include "dkim_fixture.h"

#include "unit.h"

const char fixture_message[] = "From: Ann <ann@example.com>\r\n"
			       "To: bob@example.net\r\n"
			       "Subject: a  test\r\n"
			       "\r\n"
			       "Hello  Bob, \r\n"
			       "\r\n"
			       "Ann\r\n"
			       "\r\n";

struct test_key *fixture_rsa, *fixture_ed25519;
const char *fixture_rsa_zone, *fixture_ed_zone;

static struct arena *keys;

int
fixture_make(void **state)
{
	keys = arena_new();
	fixture_rsa = test_key_rsa(keys, 1024);
	fixture_ed25519 = test_key_ed25519(keys);
	fixture_rsa_zone = test_key_zone(keys, fixture_rsa, KEY_NAME, "");
	fixture_ed_zone = test_key_zone(keys, fixture_ed25519, KEY_NAME, "");
	return 0;
}

int
fixture_free(void **state)
{
	arena_free(keys);
	return 0;
}

const char *
fixture_sign(struct arena *arena, const char *tags)
{
	return test_sign(arena, fixture_rsa, "DKIM-Signature", tags,
			 fixture_message);
}

void
fixture_want(const struct dkim_signature_result *result,
	     enum dkim_result wanted, const char *reason)
{
	if (result->result != wanted)
		fail_msg("got %s (%s), want %s",
			 dkim_result_name(result->result), result->reason,
			 dkim_result_name(wanted));
	if (reason == NULL)
		assert_null(result->reason);
	else if (result->reason == NULL ||
		 strstr(result->reason, reason) == NULL)
		fail_msg("reason \"%s\", want \"%s\"", result->reason, reason);
}

void
fixture_want_tags(struct arena *arena, const char *tags,
		  enum dkim_result wanted, const char *reason)
{
	fixture_want(test_verify_one(arena, fixture_rsa_zone,
				     fixture_sign(arena, tags), &test_options),
		     wanted, reason);
}

void
fixture_want_zone(struct arena *arena, const char *zone,
		  enum dkim_result wanted, const char *reason)
{
	fixture_want(test_verify_one(arena, zone, fixture_sign(arena, TAGS),
				     &test_options),
		     wanted, reason);
}
