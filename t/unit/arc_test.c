#include "unit.h"

#include "dkim_bench.h"

#include "base/limits.h"

#define KEY_NAME "s1._domainkey.list.example"
#define AMS_TAGS                                                               \
	"a=rsa-sha256; c=relaxed/relaxed; d=list.example; s=s1; "              \
	"h=from:subject; bh=@; b=@"
#define SEAL_TAGS "a=rsa-sha256; d=list.example; s=s1; t=1700000000; cv="

static const char message[] = "From: Ann <ann@example.com>\r\n"
			      "Subject: a test\r\n"
			      "\r\n"
			      "Hello\r\n";

static struct arena *keys;
static struct test_key *key;
static const char *zone;

static int
make_keys(void **state)
{
	keys = arena_new();
	key = test_key_rsa(keys, 1024);
	zone = test_key_zone(keys, key, KEY_NAME, "");
	return 0;
}

static int
free_keys(void **state)
{
	arena_free(keys);
	return 0;
}

static const char *
seal(struct arena *arena, unsigned instance, const char *raw)
{
	return test_seal(
	    arena, key, instance,
	    arena_printf(arena, "hop%u.example; dmarc=pass", instance),
	    AMS_TAGS, instance == 1 ? SEAL_TAGS "none" : SEAL_TAGS "pass", raw);
}

static const char *
chain(struct arena *arena, unsigned sets)
{
	const char *raw = message;

	for (unsigned i = 1; i <= sets; i++)
		raw = seal(arena, i, raw);
	return raw;
}

static struct arc_verdict
check(struct arena *arena, const char *zone_text, const char *raw,
      enum arc_result wanted, const char *reason)
{
	struct test_arc result = test_verify_arc(arena, zone_text, raw);

	if (result.verdict.result != wanted)
		fail_msg("got %s (%s), want %s",
			 arc_result_name(result.verdict.result),
			 result.verdict.reason, arc_result_name(wanted));
	if (reason == NULL)
		assert_null(result.verdict.reason);
	else if (strstr(result.verdict.reason, reason) == NULL)
		fail_msg("reason \"%s\", want \"%s\"", result.verdict.reason,
			 reason);
	return result.verdict;
}

static const char *
replaced(struct arena *arena, const char *raw, const char *what,
	 const char *with)
{
	const char *at = strstr(raw, what);

	assert_non_null(at);
	return arena_printf(arena, "%.*s%s%s", (int)(at - raw), raw, with,
			    at + strlen(what));
}

static void
passes(void **state)
{
	struct arc_verdict verdict;

	check(*state, zone, message, ARC_NONE, NULL);
	verdict = check(*state, zone, chain(*state, 1), ARC_PASS, NULL);
	assert_int_equal(verdict.count, 1);
	assert_int_equal(verdict.oldest_pass, 0);
	verdict = check(*state, zone, chain(*state, 3), ARC_PASS, NULL);
	assert_int_equal(verdict.count, 3);
	assert_int_equal(verdict.oldest_pass, 0);
	assert_int_equal(verdict.security, DNS_INSECURE);
	assert_int_equal(verdict.sets[0].instance, 1);
	assert_text(verdict.sets[2].sealer.name, "list.example");
	assert_text(verdict.sets[2].selector, "s1");
	assert_text(verdict.sets[2].auth_results, "hop3.example; dmarc=pass");
}

static void
the_longest_chain(void **state)
{
	struct test_arc result;

	result = test_verify_arc(*state, zone, chain(*state, LIMIT_ARC_SETS));
	assert_int_equal(result.verdict.result, ARC_PASS);
	assert_int_equal(result.verdict.count, LIMIT_ARC_SETS);
	check(*state, zone, chain(*state, LIMIT_ARC_SETS + 1), ARC_FAIL,
	      "instance");
}

static void
a_changed_message(void **state)
{
	const char *raw = seal(*state, 1, message);
	struct arc_verdict verdict;

	check(*state, zone, replaced(*state, raw, "Hello", "Hallo"), ARC_FAIL,
	      "body hash");
	check(*state, zone, replaced(*state, raw, "a test", "[list] a test"),
	      ARC_FAIL, "ARC-Message-Signature i=1: signature");
	/* the list changes, then seals: only the older signature breaks */
	raw = seal(*state, 2, replaced(*state, raw, "Hello", "Hallo"));
	raw = seal(*state, 3, raw);
	verdict = check(*state, zone, raw, ARC_PASS, NULL);
	assert_int_equal(verdict.oldest_pass, 2);
}

static void
a_changed_chain(void **state)
{
	const char *raw = chain(*state, 2);

	check(*state, zone,
	      replaced(*state, raw, "hop1.example; dmarc=pass",
		       "hop1.example; dmarc=pasS"),
	      ARC_FAIL, "ARC-Seal i=2");
	check(*state, zone,
	      replaced(*state, raw, "hop2.example; dmarc=pass",
		       "hop2.example; dmarc=none"),
	      ARC_FAIL, "ARC-Seal i=2");
}

static void
structure(void **state)
{
	const char *raw = chain(*state, 2);

	check(*state, zone, replaced(*state, raw, "ARC-Seal", "X-Seal"),
	      ARC_FAIL, "i=2 lacks");
	check(*state, zone,
	      replaced(*state, raw, "ARC-Authentication-Results: i=1",
		       "X-Results: i=1"),
	      ARC_FAIL, "i=1 lacks");
	check(*state, zone,
	      replaced(*state, raw, "ARC-Message-Signature: i=1",
		       "X-Signature: i=1"),
	      ARC_FAIL, "i=1 lacks");
	check(*state, zone,
	      arena_printf(*state, "ARC-Authentication-Results: i=2; x\r\n%s",
			   raw),
	      ARC_FAIL, "twice");
	check(*state, zone,
	      arena_printf(*state, "ARC-Authentication-Results: i=4; x\r\n%s",
			   raw),
	      ARC_FAIL, "i=3 lacks");
	check(*state, zone,
	      arena_printf(*state, "ARC-Authentication-Results: x\r\n%s", raw),
	      ARC_FAIL, "no instance");
	check(*state, zone,
	      arena_printf(*state, "ARC-Seal: i=3; cv=pass\r\n%s", raw),
	      ARC_FAIL, "no a=");
}

static void
chain_validation(void **state)
{
	static const struct {
		const char *cv1, *cv2, *reason;
		enum arc_result result;
	} cases[] = {
	    {SEAL_TAGS "none", SEAL_TAGS "pass", NULL, ARC_PASS},
	    {SEAL_TAGS "none", SEAL_TAGS "fail", "cv=fail", ARC_FAIL},
	    {SEAL_TAGS "none", SEAL_TAGS "none",
	     "i=2 has a wrong cv=", ARC_FAIL},
	    {SEAL_TAGS "pass", SEAL_TAGS "pass",
	     "i=1 has a wrong cv=", ARC_FAIL},
	    {SEAL_TAGS "fail", SEAL_TAGS "pass",
	     "i=1 has a wrong cv=", ARC_FAIL},
	    {SEAL_TAGS "none", SEAL_TAGS "good", "no known cv=", ARC_FAIL},
	    {SEAL_TAGS "none; h=from", SEAL_TAGS "pass", "h= in ARC-Seal",
	     ARC_FAIL},
	};
	const char *raw;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		raw = test_seal(*state, key, 1, "a.example; none", AMS_TAGS,
				cases[i].cv1, message);
		raw = test_seal(*state, key, 2, "b.example; none", AMS_TAGS,
				cases[i].cv2, raw);
		check(*state, zone, raw, cases[i].result, cases[i].reason);
	}
}

static void
message_signatures(void **state)
{
	static const struct {
		const char *tags, *reason;
		enum arc_result result;
	} cases[] = {
	    {"a=rsa-sha256; c=simple/simple; d=list.example; s=s1; "
	     "h=from; bh=@; b=@",
	     NULL, ARC_PASS},
	    {"a=rsa-sha256; d=list.example; s=s1; h=from; bh=@; b=@", NULL,
	     ARC_PASS},
	    {"a=rsa-sha256; d=list.example; s=s1; h=arc-seal:from; bh=@; b=@",
	     "h= names ARC-Seal", ARC_FAIL},
	    {"a=rsa-sha256; d=list.example; s=s1; h=from; l=1; bh=@; b=@",
	     "l=", ARC_FAIL},
	    {"a=rsa-sha256; d=list.example; s=s1; h=from; x=1600000000; "
	     "bh=@; b=@",
	     "expired", ARC_FAIL},
	    {"a=rsa-sha1; d=list.example; s=s1; h=from; bh=@; b=@", "rsa-sha1",
	     ARC_FAIL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check(*state, zone,
		      test_seal(*state, key, 1, "a.example; none",
				cases[i].tags, SEAL_TAGS "none", message),
		      cases[i].result, cases[i].reason);
}

static void
dns_trouble(void **state)
{
	const char *raw = chain(*state, 2);

	check(*state, KEY_NAME " TXT !SERVFAIL\n", raw, ARC_TEMPERROR,
	      "could not be asked");
	check(*state, KEY_NAME " TXT !BOGUS\n", raw, ARC_TEMPERROR, "bogus");
	check(*state, "list.example TXT \"x\"\n", raw, ARC_FAIL, "no key");
	check(*state, KEY_NAME " TXT \"p=\"\n", raw, ARC_FAIL, "revoked");
}

/* One sealer's key cannot be asked for, the other's says no. */
static void
failure_outweighs_trouble(void **state)
{
	struct test_key *other = test_key_rsa(*state, 1024);
	const char *raw =
	    test_seal(*state, other, 1, "a.example; none",
		      "a=rsa-sha256; d=a.example; s=s1; h=from; bh=@; b=@",
		      "a=rsa-sha256; d=a.example; s=s1; cv=none", message);

	raw = seal(*state, 2, raw);
	check(*state,
	      arena_printf(*state, "%ss1._domainkey.a.example TXT !TIMEOUT\n",
			   zone),
	      raw, ARC_TEMPERROR, "ARC-Seal i=1");
	check(*state,
	      arena_printf(*state,
			   KEY_NAME " TXT !TIMEOUT\n"
				    "s1._domainkey.a.example TXT \"p=\"\n"),
	      raw, ARC_FAIL, "ARC-Seal i=1");
}

static void
comments_before_the_instance(void **state)
{
	const char *raw;

	raw = test_seal(*state, key, 1, "a.example; none", AMS_TAGS,
			SEAL_TAGS "none", message);
	check(*state, zone,
	      replaced(*state, raw, "Results: i=1;",
		       "Results: (a (nested\\)) one) i (x)= 1 ();"),
	      ARC_FAIL, "ARC-Seal i=1: signature");
	check(*state, zone,
	      replaced(*state, raw, "Results: i=1;", "Results: (open i=1;"),
	      ARC_FAIL, "no instance");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(passes),
	    arena_unit_test(the_longest_chain),
	    arena_unit_test(a_changed_message),
	    arena_unit_test(a_changed_chain),
	    arena_unit_test(structure),
	    arena_unit_test(chain_validation),
	    arena_unit_test(message_signatures),
	    arena_unit_test(dns_trouble),
	    arena_unit_test(failure_outweighs_trouble),
	    arena_unit_test(comments_before_the_instance),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
