#include "base/crypto.h"

#include <assert.h>
#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/arena.h"
#include "base/der.h"
#include "base/limits.h"
#include "base/why.h"

struct digest {
	EVP_MD_CTX *context;
};

struct public_key {
	EVP_PKEY *key;
	enum crypto_key_type type;
	unsigned bits;
};

/* Held for the life of the process, so that the library finds them in its
 * store each time instead of asking its providers again. */
static struct {
	EVP_MD *sha1, *sha256;
	EVP_KEYMGMT *rsa_keys, *ed25519_keys;
	EVP_SIGNATURE *rsa, *ed25519;
} fetched;

static void
fetch_all(void)
{
	fetched.sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	fetched.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	fetched.rsa_keys = EVP_KEYMGMT_fetch(NULL, "RSA", NULL);
	fetched.ed25519_keys = EVP_KEYMGMT_fetch(NULL, "ED25519", NULL);
	fetched.rsa = EVP_SIGNATURE_fetch(NULL, "RSA", NULL);
	fetched.ed25519 = EVP_SIGNATURE_fetch(NULL, "ED25519", NULL);
}

void
crypto_begin(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

static const EVP_MD *
hash_method(enum crypto_hash hash)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch_all);
	switch (hash) {
	case CRYPTO_SHA1:
		return fetched.sha1;
	case CRYPTO_SHA256:
		return fetched.sha256;
	}
	return NULL;
}

size_t
crypto_hash_bytes(enum crypto_hash hash)
{
	switch (hash) {
	case CRYPTO_SHA1:
		return 20;
	case CRYPTO_SHA256:
		return 32;
	}
	return 0;
}

bool
crypto_hash_available(enum crypto_hash hash)
{
	return hash_method(hash) != NULL;
}

/* What fails here is memory or a broken installation: as with any other
 * allocation the process ends. */
static void
must(int done)
{
	assert(done == 1);
}

static void
digest_free(void *context)
{
	EVP_MD_CTX_free(context);
}

static struct digest *
digest_empty(struct arena *arena)
{
	struct digest *digest = arena_new_value(arena, struct digest);

	digest->context = EVP_MD_CTX_new();
	must(digest->context != NULL);
	arena_defer(arena, digest_free, digest->context);
	return digest;
}

struct digest *
digest_new(struct arena *arena, enum crypto_hash hash)
{
	struct digest *digest;

	assert(crypto_hash_available(hash));
	digest = digest_empty(arena);
	must(EVP_DigestInit_ex2(digest->context, hash_method(hash), NULL));
	return digest;
}

struct digest *
digest_copy(struct arena *arena, const struct digest *digest)
{
	struct digest *copy = digest_empty(arena);

	must(EVP_MD_CTX_copy_ex(copy->context, digest->context));
	return copy;
}

void
digest_update(struct digest *digest, struct text bytes)
{
	if (bytes.len > 0)
		must(EVP_DigestUpdate(digest->context, bytes.at, bytes.len));
}

void
digest_finish(struct digest *digest,
	      unsigned char result[CRYPTO_HASH_BYTES_MAX])
{
	must(EVP_DigestFinal_ex(digest->context, result, NULL));
}

void
crypto_sha256(struct text bytes, unsigned char result[32])
{
	const char *at = bytes.len > 0 ? bytes.at : "";

	must(EVP_Digest(at, bytes.len, result, NULL, hash_method(CRYPTO_SHA256),
			NULL));
}

void
crypto_hmac_sha256(struct text key, struct text message,
		   unsigned char result[32])
{
	/* without a pointer the library takes the key for missing */
	const char *key_at = key.len > 0 ? key.at : "";
	const char *message_at = message.len > 0 ? message.at : "";
	size_t bytes = 0;

	must(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key_at, key.len,
		       (const unsigned char *)message_at, message.len, result,
		       32, &bytes) != NULL);
	assert(bytes == 32);
}

bool
crypto_equal(struct text a, struct text b)
{
	return a.len == b.len &&
	       (a.len == 0 || CRYPTO_memcmp(a.at, b.at, a.len) == 0);
}

void
crypto_wipe(void *at, size_t bytes)
{
	if (bytes > 0)
		OPENSSL_cleanse(at, bytes);
}

static void
key_free(void *key)
{
	EVP_PKEY_free(key);
}

static struct public_key *
key_new(struct arena *arena, EVP_PKEY *handle, enum crypto_key_type type,
	unsigned bits)
{
	struct public_key *key = arena_new_value(arena, struct public_key);

	key->key = handle;
	key->type = type;
	key->bits = bits;
	arena_defer(arena, key_free, handle);
	return key;
}

static unsigned
bit_length(struct text number)
{
	unsigned char first = number.len > 0 ? (unsigned char)number.at[0] : 0;
	unsigned bits = 0;

	if (number.len == 0)
		return 0;
	for (; first > 0; first >>= 1)
		bits++;
	return bits + 8 * (unsigned)(number.len - 1);
}

static bool
is_odd(struct text number)
{
	return number.len > 0 && (number.at[number.len - 1] & 1) != 0;
}

/* Refuses numbers that are no RSA key, or one that only costs time. */
static bool
check_rsa_numbers(const struct der_rsa_key *numbers, struct why *why)
{
	unsigned bits = bit_length(numbers->modulus);
	unsigned exponent_bits = bit_length(numbers->exponent);

	if (bits > LIMIT_RSA_BITS_MAX)
		return why_set(why, "RSA key of %u bits, more than %u", bits,
			       LIMIT_RSA_BITS_MAX);
	if (exponent_bits > LIMIT_RSA_EXPONENT_BITS)
		return why_set(why, "RSA exponent of %u bits, more than %u",
			       exponent_bits, LIMIT_RSA_EXPONENT_BITS);
	if (!is_odd(numbers->modulus))
		return why_set(why, "RSA modulus is even");
	if (!is_odd(numbers->exponent) || exponent_bits < 2)
		return why_set(why, "RSA exponent is even or 1");
	if (bits <= exponent_bits)
		return why_set(why, "RSA modulus of %u bits", bits);
	return true;
}

/* The library wants numbers in the byte order of the machine. */
static OSSL_PARAM
number_param(struct arena *arena, const char *name, struct text number)
{
	unsigned char *native = (unsigned char *)arena_bytes(arena, number.len);
	size_t i;

	for (i = 0; i < number.len; i++)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		native[i] = (unsigned char)number.at[number.len - 1 - i];
#else
		native[i] = (unsigned char)number.at[i];
#endif
	return OSSL_PARAM_construct_BN(name, native, number.len);
}

struct public_key *
public_key_rsa(struct arena *arena, struct text der, struct why *why)
{
	struct der_rsa_key numbers;
	OSSL_PARAM params[3];
	EVP_PKEY_CTX *context;
	EVP_PKEY *key = NULL;

	if (!der_read_rsa_key(der, &numbers, why) ||
	    !check_rsa_numbers(&numbers, why))
		return NULL;
	params[0] = number_param(arena, OSSL_PKEY_PARAM_RSA_N, numbers.modulus);
	params[1] =
	    number_param(arena, OSSL_PKEY_PARAM_RSA_E, numbers.exponent);
	params[2] = OSSL_PARAM_construct_end();
	context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	if (key == NULL) {
		ERR_clear_error();
		why_set(why, "the RSA key cannot be used");
		return NULL;
	}
	return key_new(arena, key, CRYPTO_RSA, bit_length(numbers.modulus));
}

struct public_key *
public_key_ed25519(struct arena *arena, struct text raw, struct why *why)
{
	EVP_PKEY *key;

	if (raw.len != 32) {
		why_set(why, "Ed25519 key of %zu bytes instead of 32", raw.len);
		return NULL;
	}
	key = EVP_PKEY_new_raw_public_key_ex(
	    NULL, "ED25519", NULL, (const unsigned char *)raw.at, raw.len);
	if (key == NULL) {
		ERR_clear_error();
		why_set(why, "the Ed25519 key cannot be used");
		return NULL;
	}
	return key_new(arena, key, CRYPTO_ED25519, 256);
}

struct public_key *
public_key_share(struct arena *arena, const struct public_key *key)
{
	must(EVP_PKEY_up_ref(key->key));
	return key_new(arena, key->key, key->type, key->bits);
}

unsigned
public_key_bits(const struct public_key *key)
{
	return key->bits;
}

enum crypto_key_type
public_key_type(const struct public_key *key)
{
	return key->type;
}

bool
public_key_verify_rsa(const struct public_key *key, enum crypto_hash hash,
		      struct text digest, struct text signature)
{
	EVP_PKEY_CTX *context;
	bool fits;

	assert(key->type == CRYPTO_RSA);
	if (!crypto_hash_available(hash) ||
	    digest.len != crypto_hash_bytes(hash) ||
	    signature.len != (key->bits + 7) / 8)
		return false;
	context = EVP_PKEY_CTX_new_from_pkey(NULL, key->key, NULL);
	fits = context != NULL && EVP_PKEY_verify_init(context) == 1 &&
	       EVP_PKEY_CTX_set_signature_md(context, hash_method(hash)) == 1 &&
	       EVP_PKEY_verify(context, (const unsigned char *)signature.at,
			       signature.len, (const unsigned char *)digest.at,
			       digest.len) == 1;
	EVP_PKEY_CTX_free(context);
	ERR_clear_error();
	return fits;
}

bool
public_key_verify_ed25519(const struct public_key *key, struct text message,
			  struct text signature)
{
	EVP_MD_CTX *context;
	bool fits;

	assert(key->type == CRYPTO_ED25519);
	if (signature.len != 64)
		return false;
	context = EVP_MD_CTX_new();
	fits = context != NULL &&
	       EVP_DigestVerifyInit_ex(context, NULL, NULL, NULL, NULL,
				       key->key, NULL) == 1 &&
	       EVP_DigestVerify(
		   context, (const unsigned char *)signature.at, signature.len,
		   (const unsigned char *)message.at, message.len) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return fits;
}
