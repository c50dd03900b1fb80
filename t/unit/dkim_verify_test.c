#include "unit.h"

#include "dkim_bench.h"

#include "base/buf.h"
#include "base/limits.h"

#define KEY_NAME "s1._domainkey.example.com"
#define TAGS                                                                   \
	"v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1; "          \
	"h=from:to:subject; bh=@; b=@"
#define ED_TAGS                                                                \
	"v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com; s=s1; "      \
	"h=from:to:subject; bh=@; b=@"

static const char message[] = "From: Ann <ann@example.com>\r\n"
			      "To: bob@example.net\r\n"
			      "Subject: a  test\r\n"
			      "\r\n"
			      "Hello  Bob, \r\n"
			      "\r\n"
			      "Ann\r\n"
			      "\r\n";

static struct arena *keys;
static struct test_key *rsa, *ed25519;
static const char *rsa_zone, *ed_zone;

static int
make_keys(void **state)
{
	keys = arena_new();
	rsa = test_key_rsa(keys, 1024);
	ed25519 = test_key_ed25519(keys);
	rsa_zone = test_key_zone(keys, rsa, KEY_NAME, "");
	ed_zone = test_key_zone(keys, ed25519, KEY_NAME, "");
	return 0;
}

static int
free_keys(void **state)
{
	arena_free(keys);
	return 0;
}

static const char *
sign(struct arena *arena, const char *tags)
{
	return test_sign(arena, rsa, "DKIM-Signature", tags, message);
}

static void
assert_result(const struct dkim_signature_result *result,
	      enum dkim_result wanted, const char *reason)
{
	if (result->result != wanted)
		fail_msg("got %s (%s), want %s",
			 dkim_result_name(result->result), result->reason,
			 dkim_result_name(wanted));
	if (reason == NULL)
		assert_null(result->reason);
	else if (strstr(result->reason, reason) == NULL)
		fail_msg("reason \"%s\", want \"%s\"", result->reason, reason);
}

/* One signature with these tags, made and verified. */
static void
check_tags(struct arena *arena, const char *tags, enum dkim_result wanted,
	   const char *reason)
{
	assert_result(
	    test_verify_one(arena, rsa_zone, sign(arena, tags), &test_options),
	    wanted, reason);
}

/* A good signature under this zone text. */
static void
check_zone(struct arena *arena, const char *zone, enum dkim_result wanted,
	   const char *reason)
{
	assert_result(
	    test_verify_one(arena, zone, sign(arena, TAGS), &test_options),
	    wanted, reason);
}

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
		check_tags(*state,
			   arena_printf(*state,
					"v=1; a=rsa-sha256; %sd=example.com; "
					"s=s1; h=from:to; bh=@; b=@",
					canons[i]),
			   DKIM_PASS, NULL);
	result = test_verify_one(*state, rsa_zone, sign(*state, TAGS),
				 &test_options);
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
	const char *raw =
	    test_sign(*state, ed25519, "DKIM-Signature", ED_TAGS, message);
	const struct dkim_signature_result *result;

	result = test_verify_one(*state, ed_zone, raw, &test_options);
	assert_result(result, DKIM_PASS, NULL);
	assert_text(result->algorithm, "ed25519-sha256");
	result = test_verify_one(*state, rsa_zone, raw, &test_options);
	assert_result(result, DKIM_PERMERROR, "another type");
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
		const char *raw = sign(*state, TAGS);
		const char *at = strstr(raw, changes[i].what);

		raw =
		    arena_printf(*state, "%.*s%s%s", (int)(at - raw), raw,
				 changes[i].with, at + strlen(changes[i].what));
		assert_result(
		    test_verify_one(*state, rsa_zone, raw, &test_options),
		    changes[i].result, changes[i].reason);
	}
}

static void
syntax(void **state)
{
	static const struct {
		const char *tags, *reason;
	} broken[] = {
	    {"a=rsa-sha256; d=example.com; s=s1; h=from; bh=@; b=@", "no v="},
	    {"v=2; a=rsa-sha256; d=example.com; s=s1; h=from; bh=@; b=@",
	     "v= is not 1"},
	    {"v=1; d=example.com; s=s1; h=from; bh=@; b=@", "no a="},
	    {"v=1; a=rsa-md5; d=example.com; s=s1; h=from; bh=@; b=@",
	     "unknown algorithm"},
	    {"v=1; a=rsa-sha256; s=s1; h=from; bh=@; b=@", "no d="},
	    {"v=1; a=rsa-sha256; d=a\"b.com; s=s1; h=from; bh=@; b=@",
	     "not a domain"},
	    {"v=1; a=rsa-sha256; d=example.com; h=from; bh=@; b=@", "no s="},
	    {"v=1; a=rsa-sha256; d=example.com; s=a b; h=from; bh=@; b=@",
	     "not a selector"},
	    {"v=1; a=rsa-sha256; d=example.com; s=s1; bh=@; b=@", "no h="},
	    {"v=1; a=rsa-sha256; d=example.com; s=s1; h=; bh=@; b=@", "no h="},
	    {"v=1; a=rsa-sha256; d=example.com; s=s1; h=fr om; bh=@; b=@",
	     "no field name"},
	    {"v=1; a=rsa-sha256; d=example.com; s=s1; h=to; bh=@; b=@",
	     "From is not signed"},
	    {"v=1; a=rsa-sha256; d=example.com; s=s1; h=from; b=@", "no bh="},
	    {"v=1; a=rsa-sha256; d=example.com; s=s1; h=from; bh=@; x=b=@",
	     "no b="},
	    {"v=1; a=rsa-sha256; d=example.com; s=s1; h=from; bh=@; b=?; n=b=@",
	     "not base64"},
	    {"v=1; a=rsa-sha256; d=example.com; s=s1; h=from; bh=!; b=@",
	     "not base64"},
	    {"v=1; a=rsa-sha256; d=example.com; s=s1; s=s2; h=from; bh=@; b=@",
	     "twice"},
	    {"v=1; a=rsa-sha256; c=nofws; d=example.com; s=s1; h=from; bh=@; "
	     "b=@",
	     "canonicalization"},
	    {"v=1; a=rsa-sha256; q=http; d=example.com; s=s1; h=from; bh=@; "
	     "b=@",
	     "query"},
	    {"v=1; a=rsa-sha256; l=x; d=example.com; s=s1; h=from; bh=@; b=@",
	     "l= is not"},
	    {"v=1; a=rsa-sha256; t=x; d=example.com; s=s1; h=from; bh=@; b=@",
	     "t= is not"},
	    {"v=1; a=rsa-sha256; t=9; x=9; d=example.com; s=s1; h=from; bh=@; "
	     "b=@",
	     "not after"},
	};

	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++)
		check_tags(*state, broken[i].tags, DKIM_PERMERROR,
			   broken[i].reason);
}

static void
identity(void **state)
{
	static const struct {
		const char *i;
		enum dkim_result result;
	} cases[] = {
	    {"@example.com", DKIM_PASS},
	    {"ann@example.com", DKIM_PASS},
	    {"ann@Sub.Example.com", DKIM_PASS},
	    {"a=40b@sub.example.com", DKIM_PASS},
	    {"@fexample.com", DKIM_PERMERROR},
	    {"@com", DKIM_PERMERROR},
	    {"ann", DKIM_PERMERROR},
	    {"", DKIM_PERMERROR},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_tags(*state,
			   arena_printf(*state, TAGS "; i=%s", cases[i].i),
			   cases[i].result,
			   cases[i].result == DKIM_PASS ? NULL : "i= is not");
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
		check_tags(*state,
			   arena_printf(*state, TAGS "; %s", cases[i].tags),
			   cases[i].result, cases[i].reason);
}

static void
key_records(void **state)
{
	const char *p = test_key_p(*state, rsa);
	const struct {
		const char *tags, *reason;
		enum dkim_result result;
	} cases[] = {
	    {"", NULL, DKIM_PASS},
	    {"h=sha1:sha256; ", NULL, DKIM_PASS},
	    {"h=sha1; ", "leaves out the hash", DKIM_PERMERROR},
	    {"s=email; ", NULL, DKIM_PASS},
	    {"s=*; ", NULL, DKIM_PASS},
	    {"s=chat:tlsrpt; ", "leaves out mail", DKIM_PERMERROR},
	    {"t=s; ", NULL, DKIM_PASS},
	    {"t=y; ", NULL, DKIM_PASS},
	    {"g=other; n=note; x=y; ", NULL, DKIM_PASS},
	    {"t; ", "no '='", DKIM_PERMERROR},
	    {"p=; ", "twice", DKIM_PERMERROR},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_zone(*state,
			   test_key_zone(*state, rsa, KEY_NAME, cases[i].tags),
			   cases[i].result, cases[i].reason);
	check_zone(*state,
		   arena_printf(*state,
				KEY_NAME " TXT \"p=\" \"%.200s\" "
					 "\"%s\"\n",
				p, p + 200),
		   DKIM_PASS, NULL);
	check_zone(*state, KEY_NAME " TXT \"v=DKIM1; p=\"\n", DKIM_PERMERROR,
		   "revoked");
	check_zone(*state, KEY_NAME " TXT \"v=DKIM2; p=\"\n", DKIM_PERMERROR,
		   "not DKIM1");
	check_zone(*state, KEY_NAME " TXT \"k=rsa; v=DKIM1; p=\"\n",
		   DKIM_PERMERROR, "not first");
	check_zone(*state, KEY_NAME " TXT \"k=dsa; p=\"\n", DKIM_PERMERROR,
		   "unknown key type");
	check_zone(*state, KEY_NAME " TXT \"\"\n", DKIM_PERMERROR,
		   "key record");
}

static void
strict_identity(void **state)
{
	const char *zone = test_key_zone(*state, rsa, KEY_NAME, "t=y:s; ");

	assert_result(test_verify_one(*state, zone,
				      sign(*state, TAGS "; i=a@example.com"),
				      &test_options),
		      DKIM_PASS, NULL);
	assert_result(
	    test_verify_one(*state, zone,
			    sign(*state, TAGS "; i=a@sub.example.com"),
			    &test_options),
	    DKIM_PERMERROR, "t=s");
}

static void
test_keys(void **state)
{
	const char *zone = test_key_zone(*state, rsa, KEY_NAME, "t=y; ");
	const char *raw = sign(*state, TAGS);
	const struct dkim_signature_result *result;

	result = test_verify_one(*state, zone, raw, &test_options);
	assert_result(result, DKIM_PASS, NULL);
	assert_true(result->test_key);
	result = test_verify_one(*state, zone,
				 arena_printf(*state, "%sfooter\r\n", raw),
				 &test_options);
	assert_result(result, DKIM_NEUTRAL, "body hash");
	assert_true(result->test_key);
}

static void
dns_trouble(void **state)
{
	check_zone(*state, "example.com TXT \"x\"\n", DKIM_PERMERROR, "no key");
	check_zone(*state, KEY_NAME " A 192.0.2.1\n", DKIM_PERMERROR, "no key");
	check_zone(*state, KEY_NAME " TXT !SERVFAIL\n", DKIM_TEMPERROR,
		   "could not be asked");
	check_zone(*state, KEY_NAME " TXT !TIMEOUT\n", DKIM_TEMPERROR,
		   "could not be asked");
	check_zone(*state, KEY_NAME " TXT !BOGUS\n", DKIM_TEMPERROR, "bogus");
}

static void
several_key_records(void **state)
{
	struct test_key *other = test_key_rsa(*state, 1024);
	struct buf zone;

	buf_init(&zone, *state, 65536);
	buf_string(&zone, KEY_NAME " TXT \"v=spf1 -all\"\n");
	buf_string(&zone, ed_zone);
	buf_string(&zone, test_key_zone(*state, other, KEY_NAME, ""));
	check_zone(*state, buf_cstring(&zone), DKIM_FAIL, "signature");
	buf_string(&zone, rsa_zone);
	check_zone(*state, buf_cstring(&zone), DKIM_PASS, NULL);
	buf_clear(&zone);
	for (int i = 0; i < LIMIT_DKIM_KEYS; i++)
		buf_string(&zone,
			   test_key_zone(*state, other, KEY_NAME,
					 arena_printf(*state, "n=%d; ", i)));
	buf_string(&zone, rsa_zone);
	check_zone(*state, buf_cstring(&zone), DKIM_FAIL, "signature");
}

static void
weak_cryptography(void **state)
{
	struct test_key *small = test_key_rsa(*state, 768);
	const char *zone = test_key_zone(*state, small, KEY_NAME, "");
	const char *raw =
	    test_sign(*state, small, "DKIM-Signature", TAGS, message);
	struct dkim_options options = test_options;
	const char *sha1 =
	    "v=1; a=rsa-sha1; d=example.com; s=s1; h=from; bh=@; b=@";
	const struct dkim_signature_result *result;

	result = test_verify_one(*state, zone, raw, &options);
	assert_result(result, DKIM_POLICY, "768 bits");
	assert_int_equal(result->bits, 768);
	options.minimum_rsa_bits = 512;
	assert_result(test_verify_one(*state, zone, raw, &options), DKIM_PASS,
		      NULL);
	check_tags(*state, sha1, DKIM_POLICY, "rsa-sha1");
	options.allow_rsa_sha1 = true;
	assert_result(
	    test_verify_one(*state, rsa_zone, sign(*state, sha1), &options),
	    DKIM_PASS, NULL);
}

static void
duplicate_fields(void **state)
{
	const char *twice = "Subject: upper\r\nFrom: a@example.com\r\n"
			    "Subject: lower\r\n\r\n";
	const char *tags = "v=1; a=rsa-sha256; d=example.com; s=s1; "
			   "h=subject:from:subject:subject:none; bh=@; b=@";
	const char *raw = test_sign(*state, rsa, "DKIM-Signature", tags, twice);

	assert_result(test_verify_one(*state, rsa_zone, raw, &test_options),
		      DKIM_PASS, NULL);
	/* named once more than there were: a third breaks it */
	assert_result(
	    test_verify_one(*state, rsa_zone,
			    arena_printf(*state, "Subject: third\r\n%s", raw),
			    &test_options),
	    DKIM_FAIL, "signature");
	assert_result(
	    test_verify_one(*state, rsa_zone,
			    arena_printf(*state, "None: x\r\n%s", raw),
			    &test_options),
	    DKIM_FAIL, "signature");
}

static void
own_field_is_never_chosen(void **state)
{
	const char *tags = "v=1; a=rsa-sha256; d=example.com; s=s1; "
			   "h=from:dkim-signature:dkim-signature; bh=@; b=@";
	const char *inner = sign(*state, TAGS);
	struct test_verified verified;

	verified =
	    test_verify(*state, rsa_zone,
			test_sign(*state, rsa, "DKIM-Signature", tags, inner),
			"example.com", &test_options);
	assert_int_equal(verified.count, 2);
	assert_result(&verified.results[0], DKIM_PASS, NULL);
	assert_result(&verified.results[1], DKIM_PASS, NULL);
	assert_int_equal(verified.questions, 2);
}

static void
only_the_b_tag_is_emptied(void **state)
{
	static const char *const layouts[] = {
	    "v=1; a=rsa-sha256; c=%s; b=@; d=example.com; s=s1; h=from; bh=@",
	    "v=1; a=rsa-sha256; c=%s;\r\n\tbh=@;\r\n b=@\r\n ;\r\n\t"
	    "d=example.com; s=s1; h=from",
	    "v=1; z=b=x|From:b=y; a=rsa-sha256; c=%s; d=example.com; s=s1; "
	    "h=from; bh=@; n=b=; b=@; ",
	};
	static const char *const canons[] = {"simple", "relaxed"};

	for (size_t i = 0; i < sizeof(layouts) / sizeof(*layouts); i++)
		for (size_t c = 0; c < 2; c++) {
			const char *at = strstr(layouts[i], "%s");

			check_tags(*state,
				   arena_printf(*state, "%.*s%s%s",
						(int)(at - layouts[i]),
						layouts[i], canons[c], at + 2),
				   DKIM_PASS, NULL);
		}
}

static void
header_b_is_unique(void **state)
{
	struct test_verified verified;
	const char *one = "DKIM-Signature: v=1; b=abcdefgh12\r\n";
	const char *two = "DKIM-Signature: v=1; b=abcd\r\n efgh13\r\n";
	const char *raw =
	    arena_printf(*state, "%s%s%s%s", one, two, one, message);

	verified =
	    test_verify(*state, rsa_zone, raw, "example.com", &test_options);
	assert_int_equal(verified.count, 3);
	assert_text(verified.results[0].header_b, "abcdefgh12");
	assert_text(verified.results[1].header_b, "abcdefgh13");
}

static void
u_labels(void **state)
{
	const char *zone = test_key_zone(
	    *state, rsa, "xn--s-1ga._domainkey.xn--bcher-kva.example", "");
	const char *tags =
	    "v=1; a=rsa-sha256; c=relaxed; d=B\xc3\xbc"
	    "cher.example; s=s\xc3\xb6; i=j\xc3\xb6rg@mail.b\xc3\xbc"
	    "cher.example; h=from; bh=@; b=@";
	const struct dkim_signature_result *result;

	result =
	    test_verify_one(*state, zone, sign(*state, tags), &test_options);
	assert_text(result->domain.name, "xn--bcher-kva.example");
	assert_text(result->identity, "j\xc3\xb6rg@mail.xn--bcher-kva.example");
	assert_text(result->selector, "xn--s-1ga");
	assert_result(result, DKIM_PASS, NULL);
}

static void
security_is_told(void **state)
{
	const char *zone = arena_printf(*state, "$DNSSEC secure\n%s", rsa_zone);

	assert_int_equal(
	    test_verify_one(*state, zone, sign(*state, TAGS), &test_options)
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
	    arena_unit_test(syntax),
	    arena_unit_test(identity),
	    arena_unit_test(times),
	    arena_unit_test(key_records),
	    arena_unit_test(strict_identity),
	    arena_unit_test(test_keys),
	    arena_unit_test(dns_trouble),
	    arena_unit_test(several_key_records),
	    arena_unit_test(weak_cryptography),
	    arena_unit_test(duplicate_fields),
	    arena_unit_test(own_field_is_never_chosen),
	    arena_unit_test(only_the_b_tag_is_emptied),
	    arena_unit_test(header_b_is_unique),
	    arena_unit_test(u_labels),
	    arena_unit_test(security_is_told),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
