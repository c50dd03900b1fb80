#include "unit.h"

#include "dkim_fixture.h"

#include "base/buf.h"
#include "base/limits.h"

static void
dns_trouble(void **state)
{
	fixture_want_zone(*state, "example.com TXT \"x\"\n", DKIM_PERMERROR,
			  "no key");
	fixture_want_zone(*state, KEY_NAME " A 192.0.2.1\n", DKIM_PERMERROR,
			  "no key");
	fixture_want_zone(*state, KEY_NAME " TXT !SERVFAIL\n", DKIM_TEMPERROR,
			  "could not be asked");
	fixture_want_zone(*state, KEY_NAME " TXT !TIMEOUT\n", DKIM_TEMPERROR,
			  "could not be asked");
	fixture_want_zone(*state, KEY_NAME " TXT !BOGUS\n", DKIM_TEMPERROR,
			  "bogus");
}

static void
several_key_records(void **state)
{
	struct test_key *other = test_key_rsa(*state, 1024);
	struct buf zone;

	buf_init(&zone, *state, 65536);
	buf_string(&zone, KEY_NAME " TXT \"v=spf1 -all\"\n");
	buf_string(&zone, fixture_ed_zone);
	buf_string(&zone, test_key_zone(*state, other, KEY_NAME, ""));
	fixture_want_zone(*state, buf_cstring(&zone), DKIM_FAIL, "signature");
	buf_string(&zone, fixture_rsa_zone);
	fixture_want_zone(*state, buf_cstring(&zone), DKIM_PASS, NULL);
	buf_clear(&zone);
	for (int i = 0; i < LIMIT_DKIM_KEYS; i++)
		buf_string(&zone,
			   test_key_zone(*state, other, KEY_NAME,
					 arena_printf(*state, "n=%d; ", i)));
	buf_string(&zone, fixture_rsa_zone);
	fixture_want_zone(*state, buf_cstring(&zone), DKIM_FAIL, "signature");
}

static void
weak_cryptography(void **state)
{
	struct test_key *small = test_key_rsa(*state, 768);
	const char *zone = test_key_zone(*state, small, KEY_NAME, "");
	const char *raw =
	    test_sign(*state, small, "DKIM-Signature", TAGS, fixture_message);
	struct dkim_options options = test_options;
	const char *sha1 =
	    "v=1; a=rsa-sha1; d=example.com; s=s1; h=from; bh=@; b=@";
	const struct dkim_signature_result *result;

	result = test_verify_one(*state, zone, raw, &options);
	fixture_want(result, DKIM_POLICY, "768 bits");
	assert_int_equal(result->bits, 768);
	options.minimum_rsa_bits = 512;
	fixture_want(test_verify_one(*state, zone, raw, &options), DKIM_PASS,
		     NULL);
	fixture_want_tags(*state, sha1, DKIM_POLICY, "rsa-sha1");
	options.allow_rsa_sha1 = true;
	fixture_want(test_verify_one(*state, fixture_rsa_zone,
				     fixture_sign(*state, sha1), &options),
		     DKIM_PASS, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(dns_trouble),
	    arena_unit_test(several_key_records),
	    arena_unit_test(weak_cryptography),
	};

	return cmocka_run_group_tests(tests, fixture_make, fixture_free);
}
