#include "unit.h"

#include "dkim_fixture.h"

#include "mailauth/dkim_signature.h"

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
		fixture_want_tags(*state, broken[i].tags, DKIM_PERMERROR,
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
		fixture_want_tags(
		    *state, arena_printf(*state, TAGS "; i=%s", cases[i].i),
		    cases[i].result,
		    cases[i].result == DKIM_PASS ? NULL : "i= is not");
}

static void
u_labels(void **state)
{
	const char *zone =
	    test_key_zone(*state, fixture_rsa,
			  "xn--s-1ga._domainkey.xn--bcher-kva.example", "");
	const char *tags =
	    "v=1; a=rsa-sha256; c=relaxed; d=B\xc3\xbc"
	    "cher.example; s=s\xc3\xb6; i=j\xc3\xb6rg@mail.b\xc3\xbc"
	    "cher.example; h=from; bh=@; b=@";
	const struct dkim_signature_result *result;

	result = test_verify_one(*state, zone, fixture_sign(*state, tags),
				 &test_options);
	assert_text(result->domain.name, "xn--bcher-kva.example");
	assert_text(result->identity, "j\xc3\xb6rg@mail.xn--bcher-kva.example");
	assert_text(result->selector, "xn--s-1ga");
	fixture_want(result, DKIM_PASS, NULL);
}

static struct header_field
field_of(const char *value)
{
	return (struct header_field){.name = TEXT("DKIM-Signature"),
				     .value = text_from(value)};
}

static void
all_tags(void **state)
{
	struct header_field field = field_of(
	    " v=1; a=RSA-SHA1; c=Relaxed; d=EXAMPLE.com.;\r\n\ts=S1; t=1; "
	    "x=2; l=3; q=http : DNS/txt; h=From : to::from;\r\n "
	    "bh=AAA\r\n =; b= AQ\r\n\t== ;z=any:thing|");
	struct dkim_signature signature;

	assert_true(dkim_signature_parse(*state, DKIM_SIGNATURE, &field,
					 &signature, NULL));
	assert_int_equal(signature.key_type, CRYPTO_RSA);
	assert_int_equal(signature.hash, CRYPTO_SHA1);
	assert_int_equal(signature.header_canon, DKIM_RELAXED);
	assert_int_equal(signature.body_canon, DKIM_SIMPLE);
	assert_text(signature.domain.name, "example.com");
	assert_text(signature.selector, "s1");
	assert_text(signature.identity, "@example.com");
	assert_text(signature.algorithm, "RSA-SHA1");
	assert_text(signature.b_text, "AQ==");
	assert_text(signature.b_whole, " AQ\r\n\t== ");
	assert_int_equal(signature.signature.len, 1);
	assert_int_equal(signature.body_hash.len, 2);
	assert_int_equal(signature.name_count, 4);
	assert_text(signature.names[0], "From");
	assert_int_equal(dkim_signature_names(&signature, "from"), 2);
	assert_true(signature.has_length);
	assert_int_equal(signature.length, 3);
	assert_int_equal(signature.signed_at, 1);
	assert_int_equal(signature.expires_at, 2);
	assert_text(dkim_signature_key_name(*state, &signature),
		    "s1._domainkey.example.com");
}

static void
broken_signatures_still_show_who(void **state)
{
	struct header_field field =
	    field_of("v=7; d=example.com; s=s1; a=x-y; b=abcd");
	struct dkim_signature signature;

	assert_false(dkim_signature_parse(*state, DKIM_SIGNATURE, &field,
					  &signature, NULL));
	assert_text(signature.domain.name, "example.com");
	assert_text(signature.selector, "s1");
	assert_text(signature.algorithm, "x-y");
	assert_text(signature.b_text, "abcd");
}

static void
peeking(void **state)
{
	static const struct {
		const char *value, *domain;
	} cases[] = {
	    {"v=1; d=Example.com; s=s1", "example.com"},
	    {"bd=x.com;\r\n d = a.example\r\n ;d=b.example", "a.example"},
	    {"v=1; s=d=x.com", ""},
	    {"d=a\"b", ""},
	    {"d", ""},
	    {"", ""},
	};
	struct header_field field;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		field = field_of(cases[i].value);
		assert_text(dkim_signature_peek_domain(*state, &field).name,
			    cases[i].domain);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(syntax),
	    arena_unit_test(identity),
	    arena_unit_test(u_labels),
	    arena_unit_test(all_tags),
	    arena_unit_test(broken_signatures_still_show_who),
	    arena_unit_test(peeking),
	};

	return cmocka_run_group_tests(tests, fixture_make, fixture_free);
}
