#include "unit.h"

#include <errno.h>
#include <pthread.h>

#include "base/base64.h"
#include "base/limits.h"
#include "base/private_key.h"
#include "base/why.h"

static const char digest_bytes[32] = "0123456789abcdef0123456789abcde";

static struct text
digest(void)
{
	return text_of(digest_bytes, sizeof(digest_bytes));
}

/* A key or something else from the corpus of the fuzz target. */
static struct text
corpus(struct arena *arena, const char *name)
{
	const char *top = getenv("SIGNET_SOURCE");
	char *bytes = arena_bytes(arena, LIMIT_KEY_FILE_BYTES);
	FILE *file;
	size_t got;

	file = fopen(arena_printf(arena, "%s/t/fuzz/corpus/private_key/%s",
				  top != NULL ? top : ".", name),
		     "rb");
	if (file == NULL)
		fail_msg("%s: %s", name, strerror(errno));
	got = fread(bytes, 1, LIMIT_KEY_FILE_BYTES, file);
	fclose(file);
	return text_of(bytes, got);
}

static struct private_key *
read_key(struct arena *arena, struct text pem)
{
	struct private_key *key;
	struct why why;

	key = private_key_read(arena, pem, &why);
	if (key == NULL)
		fail_msg("%s", why.text);
	return key;
}

static void
want_reason(struct arena *arena, struct text pem, const char *reason)
{
	struct why why = {""};

	assert_null(private_key_read(arena, pem, &why));
	if (strstr(why.text, reason) == NULL)
		fail_msg("\"%s\", want \"%s\"", why.text, reason);
}

/* The signature fits the public half, as a reader of p= sees it, and no
 * other digest. */
static void
want_signature(struct arena *arena, const struct private_key *key)
{
	struct text public = private_key_public(arena, key), signature;
	struct text other = TEXT("another digest, of thirty-two b.");
	struct public_key *reader;

	assert_true(private_key_sign(arena, key, digest(), &signature, NULL));
	if (private_key_type(key) == CRYPTO_RSA) {
		reader = public_key_rsa(arena, public, NULL);
		assert_non_null(reader);
		assert_int_equal(public_key_bits(reader),
				 private_key_bits(key));
		assert_true(public_key_verify_rsa(reader, CRYPTO_SHA256,
						  digest(), signature));
		assert_false(public_key_verify_rsa(reader, CRYPTO_SHA256, other,
						   signature));
	} else {
		reader = public_key_ed25519(arena, public, NULL);
		assert_non_null(reader);
		assert_true(
		    public_key_verify_ed25519(reader, digest(), signature));
		assert_false(
		    public_key_verify_ed25519(reader, other, signature));
	}
}

static void
keys_that_are_read(void **state)
{
	static const struct {
		const char *name;
		enum crypto_key_type type;
		unsigned bits;
	} keys[] = {
	    {"rsa1024-pkcs1", CRYPTO_RSA, 1024},
	    {"rsa2048-pkcs8", CRYPTO_RSA, 2048},
	    {"ed25519-pkcs8", CRYPTO_ED25519, 256},
	    {"certificate-and-key", CRYPTO_ED25519, 256},
	    {"with-text", CRYPTO_ED25519, 256},
	    {"crlf", CRYPTO_ED25519, 256},
	};
	const struct private_key *key;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		key = read_key(*state, corpus(*state, keys[i].name));
		assert_int_equal(private_key_type(key), keys[i].type);
		assert_int_equal(private_key_bits(key), keys[i].bits);
		want_signature(*state, key);
	}
}

static void
what_is_refused(void **state)
{
	static const struct {
		const char *name, *reason;
	} files[] = {
	    {"encrypted-pkcs8", "encrypted"},
	    {"encrypted-pkcs1", "encrypted"},
	    {"ec-params", "elliptic curves"},
	    {"ec-pkcs8", "neither RSA nor Ed25519"},
	    {"x25519", "neither RSA nor Ed25519"},
	    {"rsa-pss", "neither RSA nor Ed25519"},
	    {"openssh", "OpenSSH"},
	    {"public", "public key"},
	    {"certificate", "certificate"},
	    {"two-keys", "more than one private key"},
	    {"cut", "damaged"},
	    {"rsa512", "512 bits, less than 1024"},
	    {"rsa768", "768 bits, less than 1024"},
	    {"three-primes", "more than two primes"},
	    {"halves", "do not fit"},
	    {"huge-prime", "wrong numbers"},
	    {"huge-exponent", "exponent"},
	    {"even", ""},
	    {"zero", "0 bits"},
	    {"exponent-1", ""},
	    {"ones", ""},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		want_reason(*state, corpus(*state, files[i].name),
			    files[i].reason);
	want_reason(*state, TEXT(""), "no PEM");
	want_reason(*state, TEXT("-----BEGIN PRIVATE KEY-----\n"), "damaged");
	want_reason(*state,
		    TEXT("-----BEGIN PRIVATE KEY-----\nMAA=\n"
			 "-----END PRIVATE KEY-----\n"),
		    "cannot be decoded");
	want_reason(*state,
		    TEXT("-----BEGIN OTHER-----\nMAA=\n-----END OTHER-----\n"),
		    "no private key in the PEM");
	want_reason(*state,
		    text_of(arena_alloc(*state, LIMIT_KEY_FILE_BYTES + 1),
			    LIMIT_KEY_FILE_BYTES + 1),
		    "more than 16384 bytes");
}

/* Bytes behind the key in its DER are no part of any key. */
static void
nothing_behind(void **state)
{
	struct text pem = corpus(*state, "ed25519-pkcs8"), der;

	pem = text_skip(pem, strlen("-----BEGIN PRIVATE KEY-----\n"));
	assert_true(
	    base64_decode(*state, text_first(pem, text_find(pem, '-')), &der));
	der = text_from(arena_printf(
	    *state, TEXT_FMT,
	    TEXT_ARG(base64_encode(
		*state, text_of(memcpy(arena_alloc(*state, der.len + 1), der.at,
				       der.len),
				der.len + 1)))));
	want_reason(*state,
		    text_from(arena_printf(*state,
					   "-----BEGIN PRIVATE KEY-----\n%s\n"
					   "-----END PRIVATE KEY-----\n",
					   der.at)),
		    "cannot be decoded");
}

static void
keys_that_are_made(void **state)
{
	struct private_key *key, *again;
	struct text first, second;
	struct why why;

	key = private_key_new(*state, CRYPTO_RSA, 2048, &why);
	assert_non_null(key);
	assert_int_equal(private_key_bits(key), 2048);
	want_signature(*state, key);
	again = read_key(*state, private_key_pem(*state, key));
	assert_true(text_equal(private_key_public(*state, key),
			       private_key_public(*state, again)));
	/* RSA signatures are a function of key and digest */
	assert_true(private_key_sign(*state, key, digest(), &first, NULL));
	assert_true(private_key_sign(*state, again, digest(), &second, NULL));
	assert_true(text_equal(first, second));

	key = private_key_new(*state, CRYPTO_ED25519, 0, &why);
	assert_non_null(key);
	want_signature(*state, key);
	again = read_key(*state, private_key_pem(*state, key));
	assert_true(text_equal(private_key_public(*state, key),
			       private_key_public(*state, again)));
	assert_null(private_key_new(*state, CRYPTO_RSA, 1024, &why));
	assert_null(private_key_new(*state, CRYPTO_RSA, 8192, &why));
	assert_null(private_key_new(*state, CRYPTO_ED25519, 2048, &why));
}

/* RFC 8463 appendix A: the key, and the signature of the digest is that of
 * the 32 bytes. */
static void
rfc8463_key(void **state)
{
	const struct private_key *key = read_key(
	    *state, TEXT("-----BEGIN PRIVATE KEY-----\n"
			 "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJp"
			 "GXA7rAMcrn9g\n-----END PRIVATE KEY-----\n"));

	assert_text(base64_encode(*state, private_key_public(*state, key)),
		    "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
}

/* Looks at the bytes after the arena has ended what was made later. */
static void
is_wiped(void *handle)
{
	struct text *secret = handle;

	for (size_t i = 0; i < secret->len; i++)
		assert_int_equal(secret->at[i], 0);
	assert_true(secret->len > 100);
	secret->len = 0;
}

static void
pem_is_wiped(void **state)
{
	struct arena *arena = arena_new();
	static struct text secret;

	arena_defer(arena, is_wiped, &secret);
	secret = private_key_pem(
	    arena, read_key(arena, corpus(arena, "ed25519-pkcs8")));
	assert_true(text_starts(secret, TEXT("-----BEGIN PRIVATE KEY-----")));
	arena_free(arena);
	assert_int_equal(secret.len, 0);
}

static void *
sign_many(void *handle)
{
	const struct private_key *const *keys = handle;
	struct arena *arena = arena_new();
	bool good = true;

	for (size_t i = 0; i < 200 && good; i++) {
		struct text signature;

		good = private_key_sign(arena, keys[i % 2], digest(),
					&signature, NULL);
		arena_reset(arena);
	}
	arena_free(arena);
	return good ? handle : NULL;
}

static void
many_threads(void **state)
{
	const struct private_key *keys[] = {
	    read_key(*state, corpus(*state, "rsa1024-pkcs1")),
	    read_key(*state, corpus(*state, "ed25519-pkcs8"))};
	pthread_t threads[4];
	void *result;

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, sign_many, keys), 0);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, keys);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(keys_that_are_read),
	    arena_unit_test(what_is_refused),
	    arena_unit_test(nothing_behind),
	    arena_unit_test(keys_that_are_made),
	    arena_unit_test(rfc8463_key),
	    arena_unit_test(pem_is_wiped),
	    arena_unit_test(many_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
