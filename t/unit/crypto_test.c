#include "unit.h"

#include "dkim_bench.h"

#include "base/base64.h"
#include "base/crypto.h"
#include "base/why.h"

static struct text
hex(struct arena *arena, struct text bytes)
{
	char *to = arena_bytes(arena, 2 * bytes.len);

	for (size_t i = 0; i < bytes.len; i++) {
		to[2 * i] = "0123456789abcdef"[bytes.at[i] >> 4 & 15];
		to[2 * i + 1] = "0123456789abcdef"[bytes.at[i] & 15];
	}
	return text_of(to, 2 * bytes.len);
}

static struct text
finish(struct arena *arena, struct digest *digest, enum crypto_hash hash)
{
	unsigned char result[CRYPTO_HASH_BYTES_MAX];

	digest_finish(digest, result);
	return hex(arena, text_of((char *)result, crypto_hash_bytes(hash)));
}

static void
digests(void **state)
{
	struct digest *digest, *copy;

	/* FIPS 180-4, "abc" and the empty message */
	digest = digest_new(*state, CRYPTO_SHA256);
	digest_update(digest, TEXT("a"));
	copy = digest_copy(*state, digest);
	digest_update(digest, TEXT("bc"));
	assert_text(finish(*state, digest, CRYPTO_SHA256),
		    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61"
		    "f20015ad");
	digest_update(copy, TEXT("bc"));
	assert_text(finish(*state, copy, CRYPTO_SHA256),
		    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61"
		    "f20015ad");
	digest = digest_new(*state, CRYPTO_SHA256);
	digest_update(digest, text_of(NULL, 0));
	assert_text(finish(*state, digest, CRYPTO_SHA256),
		    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b"
		    "7852b855");
	if (!crypto_hash_available(CRYPTO_SHA1))
		return;
	digest = digest_new(*state, CRYPTO_SHA1);
	digest_update(digest, TEXT("abc"));
	assert_text(finish(*state, digest, CRYPTO_SHA1),
		    "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static struct text
decoded(struct arena *arena, const char *base64)
{
	struct text bytes;

	assert_true(base64_decode(arena, text_from(base64), &bytes));
	return bytes;
}

static struct text
sha256(struct arena *arena, struct text data)
{
	unsigned char result[CRYPTO_HASH_BYTES_MAX];
	struct digest *digest = digest_new(arena, CRYPTO_SHA256);

	digest_update(digest, data);
	digest_finish(digest, result);
	return text_copy(arena, text_of((char *)result, 32));
}

static void
rsa(void **state)
{
	static const unsigned sizes[] = {512, 1024, 1032, 2048, 4096};
	struct text data = TEXT("something to sign"), signature, digest;
	struct public_key *key;
	struct test_key *pair;

	digest = sha256(*state, data);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		pair = test_key_rsa(*state, sizes[i]);
		key = public_key_rsa(
		    *state, decoded(*state, test_key_p(*state, pair)), NULL);
		assert_non_null(key);
		assert_int_equal(public_key_bits(key), sizes[i]);
		assert_int_equal(public_key_type(key), CRYPTO_RSA);
		signature = test_key_sign(*state, pair, "SHA256", data);
		assert_true(public_key_verify_rsa(key, CRYPTO_SHA256, digest,
						  signature));
		assert_false(public_key_verify_rsa(
		    key, CRYPTO_SHA256, sha256(*state, TEXT("x")), signature));
		assert_false(public_key_verify_rsa(
		    key, CRYPTO_SHA1, text_first(digest, 20), signature));
		assert_false(public_key_verify_rsa(key, CRYPTO_SHA256, digest,
						   text_skip(signature, 1)));
		((char *)(uintptr_t)signature.at)[5] ^= 1;
		assert_false(public_key_verify_rsa(key, CRYPTO_SHA256, digest,
						   signature));
	}
}

static void
ed25519(void **state)
{
	/* the key of RFC 8463 appendix A */
	static const char key_base64[] =
	    "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
	struct public_key *key;
	struct test_key *pair = test_key_ed25519(*state);
	struct text data = TEXT("x"), signature;

	key = public_key_ed25519(*state, decoded(*state, key_base64), NULL);
	assert_non_null(key);
	assert_int_equal(public_key_bits(key), 256);
	assert_int_equal(public_key_type(key), CRYPTO_ED25519);
	signature = test_key_sign(*state, pair, "SHA256", data);
	assert_false(
	    public_key_verify_ed25519(key, sha256(*state, data), signature));
	key = public_key_ed25519(
	    *state, decoded(*state, test_key_p(*state, pair)), NULL);
	assert_true(
	    public_key_verify_ed25519(key, sha256(*state, data), signature));
	assert_false(public_key_verify_ed25519(key, sha256(*state, data),
					       text_first(signature, 63)));
	assert_null(public_key_ed25519(*state, TEXT("short"), NULL));
}

static void
keys_that_only_cost_time(void **state)
{
	const struct {
		const char *der, *reason;
		size_t len;
	} cases[] = {
#define DER(literal, reason) {literal, reason, sizeof(literal) - 1}
	    DER("\x30\x08\x02\x03\x00\xc5\xc4\x02\x01\x03", "even"),
	    DER("\x30\x08\x02\x03\x00\xc5\xc5\x02\x01\x01", "even or 1"),
	    DER("\x30\x08\x02\x03\x00\xc5\xc5\x02\x01\x04", "even or 1"),
	    DER("\x30\x11\x02\x03\x00\xc5\xc5\x02\x0a\x00\xff\xff\xff\xff"
		"\xff\xff\xff\xff\xff",
		"exponent of 72 bits"),
	    DER("\x30\x0a\x02\x03\x00\xc5\xc5\x02\x03\x00\xc5\xc5",
		"modulus of 16 bits"),
	};
	struct why why;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_null(public_key_rsa(
		    *state, text_of(cases[i].der, cases[i].len), &why));
		if (strstr(why.text, cases[i].reason) == NULL)
			fail_msg("\"%s\", want \"%s\"", why.text,
				 cases[i].reason);
	}
}

static void
want_hmac(struct arena *arena, struct text key, struct text message,
	  const char *wanted)
{
	unsigned char result[32];

	crypto_hmac_sha256(key, message, result);
	assert_text(hex(arena, text_of((char *)result, sizeof(result))),
		    wanted);
}

/* RFC 4231 sections 4.2, 4.3 and 4.7, and nothing at all. */
static void
hmac(void **state)
{
	char key[131];

	memset(key, 0x0b, 20);
	want_hmac(*state, text_of(key, 20), TEXT("Hi There"),
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e3"
		  "2cff7");
	want_hmac(*state, TEXT("Jefe"), TEXT("what do ya want for nothing?"),
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964e"
		  "c3843");
	memset(key, 0xaa, sizeof(key));
	want_hmac(
	    *state, text_of(key, sizeof(key)),
	    TEXT("Test Using Larger Than Block-Size Key - Hash Key First"),
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee"
	    "37f54");
	want_hmac(*state, text_of(NULL, 0), text_of(NULL, 0),
		  "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c71214429"
		  "2c5ad");
}

static void
comparing_and_wiping(void **state)
{
	char secret[] = "secret";

	(void)state;
	assert_true(crypto_equal(TEXT("abc"), TEXT("abc")));
	assert_true(crypto_equal(text_of(NULL, 0), TEXT("")));
	assert_false(crypto_equal(TEXT("abc"), TEXT("abd")));
	assert_false(crypto_equal(TEXT("abc"), TEXT("ab")));
	crypto_wipe(secret, 3);
	assert_memory_equal(secret, "\0\0\0ret", 6);
	crypto_wipe(NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(digests), arena_unit_test(rsa),
	    arena_unit_test(ed25519), arena_unit_test(keys_that_only_cost_time),
	    arena_unit_test(hmac),    arena_unit_test(comparing_and_wiping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
