#include "unit.h"

#include "base/buf.h"
#include "base/certificate.h"
#include "base/limits.h"
#include "base/why.h"
#include "certificates.h"

static struct text
hex(struct arena *arena, struct text bytes)
{
	struct buf to;
	size_t i;

	buf_init(&to, arena, 2 * bytes.len + 1);
	for (i = 0; i < bytes.len; i++)
		buf_printf(&to, "%02x", (unsigned char)bytes.at[i]);
	return buf_view(&to);
}

static struct domain
domain(struct arena *arena, const char *name)
{
	struct domain domain;

	assert_true(domain_parse(arena, text_from(name), &domain, NULL));
	return domain;
}

static void
what_openssl_says(void **state)
{
	const struct certificate *chain;
	size_t count;

	assert_true(certificate_parse_pem(*state, TEXT(CERTIFICATE_OF_MX),
					  &chain, &count, NULL));
	assert_int_equal(count, 1);
	assert_text(hex(*state, chain->key_sha256),
		    CERTIFICATE_OF_MX_KEY_SHA256);
	assert_text(hex(*state, chain->sha256), CERTIFICATE_OF_MX_SHA256);
	assert_text(hex(*state, chain->sha512), CERTIFICATE_OF_MX_SHA512);
	assert_int_equal(chain->key_sha512.len, 64);
	assert_int_equal(chain->not_before_s, 1795340216);
	assert_int_equal(chain->not_after_s, 4948940216);
	assert_true(chain->is_self_issued);
}

static void
names(void **state)
{
	const struct certificate *chain;
	size_t count;

	assert_true(certificate_parse_pem(
	    *state, TEXT(CERTIFICATE_OF_MX "\n" CERTIFICATE_OF_ONLY), &chain,
	    &count, NULL));
	assert_int_equal(count, 2);
	assert_int_equal(chain->name_count, 2);
	assert_text(chain->names[1], "*.example.net");
	assert_true(
	    certificate_covers(chain, domain(*state, "MX.example.org")));
	assert_true(certificate_covers(chain, domain(*state, "a.example.net")));
	assert_false(
	    certificate_covers(chain, domain(*state, "a.b.example.net")));
	assert_false(certificate_covers(chain, domain(*state, "example.net")));
	assert_false(certificate_covers(chain, domain(*state, "example.org")));
	assert_true(
	    certificate_covers(&chain[1], domain(*state, "only.example.org")));
}

static void
what_is_none(void **state)
{
	static const char *const broken[][2] = {
	    {"", "the file holds no certificate"},
	    {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	     "what should be a certificate is none"},
	    {"-----BEGIN CERTIFICATE-----\nMII", "the file holds no "
						 "certificate"},
	    {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
	     "the file holds no certificate"},
	};
	const struct certificate *chain;
	struct certificate one;
	struct text der;
	struct why why;
	size_t count, i;
	char *bytes;

	for (i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		assert_false(certificate_parse_pem(
		    *state, text_from(broken[i][0]), &chain, &count, &why));
		assert_string_equal(why.text, broken[i][1]);
	}
	assert_true(certificate_parse_pem(*state, TEXT(CERTIFICATE_OF_MX),
					  &chain, &count, NULL));
	for (i = 0; i < chain->der.len; i++)
		assert_false(certificate_parse(
		    *state, text_first(chain->der, i), &one, NULL));
	bytes = arena_bytes(*state, chain->der.len + 1);
	memcpy(bytes, chain->der.at, chain->der.len);
	bytes[chain->der.len] = '\0';
	der = text_of(bytes, chain->der.len + 1);
	assert_false(certificate_parse(*state, der, &one, &why));
	assert_string_equal(why.text, "bytes stand behind the certificate");
}

static void
too_many(void **state)
{
	const struct certificate *chain;
	struct buf to;
	size_t count, i;

	buf_init(&to, *state, 2 * LIMIT_CERTIFICATE_FILE_BYTES);
	for (i = 0; i < LIMIT_CERTIFICATES + 1; i++)
		buf_string(&to, CERTIFICATE_OF_ONLY);
	assert_true(
	    certificate_parse_pem(*state, buf_view(&to), &chain, &count, NULL));
	assert_int_equal(count, LIMIT_CERTIFICATES);
	while (to.len <= LIMIT_CERTIFICATE_FILE_BYTES)
		buf_string(&to, CERTIFICATE_OF_ONLY);
	assert_false(
	    certificate_parse_pem(*state, buf_view(&to), &chain, &count, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(what_openssl_says),
	    arena_unit_test(names),
	    arena_unit_test(what_is_none),
	    arena_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
