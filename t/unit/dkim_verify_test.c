#include "unit.h"

#include "dkim_fixture.h"

static void
passes(void **state)
{
	const struct dkim_signature_result *result;
	static const char *const canons[] = {"",
					     "c=simple; ",
					     "c=relaxed; ",
					     "c=simple/relaxed; ",
					     "c=relaxed/simple; ",
					     "c=relaxed/relaxed; "};

	for (size_t i = 0; i < sizeof(canons) / sizeof(*canons); i++)
		fixture_want_tags(
		    *state,
		    arena_printf(*state,
				 "v=1; a=rsa-sha256; %sd=example.com; "
				 "s=s1; h=from:to; bh=@; b=@",
				 canons[i]),
		    DKIM_PASS, NULL);
	result = test_verify_one(*state, fixture_rsa_zone,
				 fixture_sign(*state, TAGS), &test_options);
	assert_text(result->domain.name, "example.com");
	assert_text(result->selector, "s1");
	assert_text(result->identity, "@example.com");
	assert_text(result->algorithm, "rsa-sha256");
	assert_int_equal(result->header_b.len, 8);
	assert_int_equal(result->bits, 1024);
	assert_int_equal(result->security, DNS_INSECURE);
	assert_false(result->test_key);
	assert_false(result->has_length);
}

static void
ed25519_passes(void **state)
{
	const char *raw = test_sign(*state, fixture_ed25519, "DKIM-Signature",
				    ED_TAGS, fixture_message);
	const struct dkim_signature_result *result;

	result = test_verify_one(*state, fixture_ed_zone, raw, &test_options);
	fixture_want(result, DKIM_PASS, NULL);
	assert_text(result->algorithm, "ed25519-sha256");
	result = test_verify_one(*state, fixture_rsa_zone, raw, &test_options);
	fixture_want(result, DKIM_PERMERROR, "another type");
}

static void
changes_fail(void **state)
{
	static const struct {
		const char *what, *with, *reason;
		enum dkim_result result;
	} changes[] = {
	    {"Hello", "Hallo", "body hash", DKIM_FAIL},
	    {"To: bob", "To: rob", "signature", DKIM_FAIL},
	    {"a  test", "a te st", "signature", DKIM_FAIL},
	    {"a  test", "a  test\r\nSubject: two", "signature", DKIM_FAIL},
	    {" a  test", "\ta \r\n\t test ", NULL, DKIM_PASS},
	    {"Subject: a", "sUBJECT:a", NULL, DKIM_PASS},
	    {"Hello  Bob, \r\n", "Hello \t Bob,\r\n", NULL, DKIM_PASS},
	    {"Subject:", "X-New: a\r\nSubject:", NULL, DKIM_PASS},
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		const char *raw = fixture_sign(*state, TAGS);
		const char *at = strstr(raw, changes[i].what);

		raw =
		    arena_printf(*state, "%.*s%s%s", (int)(at - raw), raw,
				 changes[i].with, at + strlen(changes[i].what));
		fixture_want(test_verify_one(*state, fixture_rsa_zone, raw,
					     &test_options),
			     changes[i].result, changes[i].reason);
	}
}

static void
times(void **state)
{
	static const struct {
		const char *tags, *reason;
		enum dkim_result result;
	} cases[] = {
	    {"t=1699999999", NULL, DKIM_PASS},
	    {"t=1700000200", NULL, DKIM_PASS}, /* within the skew */
	    {"t=1700000900", "future", DKIM_PERMERROR},
	    {"x=1700000900", NULL, DKIM_PASS},
	    {"x=1699999800", NULL, DKIM_PASS}, /* within the skew */
	    {"x=1699990000", "expired", DKIM_PERMERROR},
	    {"x=99999999999999999999999999", NULL, DKIM_PASS},
	    {"t=99999999999999999999999999", "future", DKIM_PERMERROR},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		fixture_want_tags(
		    *state, arena_printf(*state, TAGS "; %s", cases[i].tags),
		    cases[i].result, cases[i].reason);
}

static void
test_keys(void **state)
{
	const char *zone =
	    test_key_zone(*state, fixture_rsa, KEY_NAME, "t=y; ");
	const char *raw = fixture_sign(*state, TAGS);
	const struct dkim_signature_result *result;

	result = test_verify_one(*state, zone, raw, &test_options);
	fixture_want(result, DKIM_PASS, NULL);
	assert_true(result->test_key);
	result = test_verify_one(*state, zone,
				 arena_printf(*state, "%sfooter\r\n", raw),
				 &test_options);
	fixture_want(result, DKIM_NEUTRAL, "body hash");
	assert_true(result->test_key);
}

static void
duplicate_fields(void **state)
{
	const char *twice = "Subject: upper\r\nFrom: a@example.com\r\n"
			    "Subject: lower\r\n\r\n";
	const char *tags = "v=1; a=rsa-sha256; d=example.com; s=s1; "
			   "h=subject:from:subject:subject:none; bh=@; b=@";
	const char *raw =
	    test_sign(*state, fixture_rsa, "DKIM-Signature", tags, twice);

	fixture_want(
	    test_verify_one(*state, fixture_rsa_zone, raw, &test_options),
	    DKIM_PASS, NULL);
	/* named once more than there were: a third breaks it */
	fixture_want(
	    test_verify_one(*state, fixture_rsa_zone,
			    arena_printf(*state, "Subject: third\r\n%s", raw),
			    &test_options),
	    DKIM_FAIL, "signature");
	fixture_want(test_verify_one(*state, fixture_rsa_zone,
				     arena_printf(*state, "None: x\r\n%s", raw),
				     &test_options),
		     DKIM_FAIL, "signature");
}

static void
own_field_is_never_chosen(void **state)
{
	const char *tags = "v=1; a=rsa-sha256; d=example.com; s=s1; "
			   "h=from:dkim-signature:dkim-signature; bh=@; b=@";
	const char *inner = fixture_sign(*state, TAGS);
	struct test_verified verified;

	verified = test_verify(
	    *state, fixture_rsa_zone,
	    test_sign(*state, fixture_rsa, "DKIM-Signature", tags, inner),
	    "example.com", &test_options);
	assert_int_equal(verified.count, 2);
	fixture_want(&verified.results[0], DKIM_PASS, NULL);
	fixture_want(&verified.results[1], DKIM_PASS, NULL);
	assert_int_equal(verified.questions, 2);
}

static void
header_b_is_unique(void **state)
{
	struct test_verified verified;
	const char *one = "DKIM-Signature: v=1; b=abcdefgh12\r\n";
	const char *two = "DKIM-Signature: v=1; b=abcd\r\n efgh13\r\n";
	const char *raw =
	    arena_printf(*state, "%s%s%s%s", one, two, one, fixture_message);

	verified = test_verify(*state, fixture_rsa_zone, raw, "example.com",
			       &test_options);
	assert_int_equal(verified.count, 3);
	assert_text(verified.results[0].header_b, "abcdefgh12");
	assert_text(verified.results[1].header_b, "abcdefgh13");
}

static void
security_is_told(void **state)
{
	const char *zone =
	    arena_printf(*state, "$DNSSEC secure\n%s", fixture_rsa_zone);

	assert_int_equal(test_verify_one(*state, zone,
					 fixture_sign(*state, TAGS),
					 &test_options)
			     ->security,
			 DNS_SECURE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(passes),
	    arena_unit_test(ed25519_passes),
	    arena_unit_test(changes_fail),
	    arena_unit_test(times),
	    arena_unit_test(test_keys),
	    arena_unit_test(duplicate_fields),
	    arena_unit_test(own_field_is_never_chosen),
	    arena_unit_test(header_b_is_unique),
	    arena_unit_test(security_is_told),
	};

	return cmocka_run_group_tests(tests, fixture_make, fixture_free);
}
