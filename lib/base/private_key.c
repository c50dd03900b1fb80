#include "base/private_key.h"

#include <assert.h>

#include <openssl/core_names.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"

#define DIGEST_BYTES 32
#define ED25519_BITS 256
#define ED25519_SIGNATURE_BYTES 64

struct private_key {
	EVP_PKEY *key;
	EVP_PKEY_CTX *rsa; /* made ready to sign; each signature copies it,
			      which costs less than to begin anew */
	enum crypto_key_type type;
	unsigned bits;
};

static void
key_free(void *key)
{
	EVP_PKEY_free(key);
}

static void
context_free(void *context)
{
	EVP_PKEY_CTX_free(context);
}

/* NULL if the library signs nothing with this key. */
static EVP_PKEY_CTX *
rsa_context(EVP_PKEY *key)
{
	EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	if (context == NULL || EVP_PKEY_sign_init(context) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(context, sha256) != 1) {
		EVP_PKEY_CTX_free(context);
		context = NULL;
	}
	EVP_MD_free(sha256);
	ERR_clear_error();
	return context;
}

static struct private_key *
key_new(struct arena *arena, EVP_PKEY *handle)
{
	struct private_key *key = arena_new_value(arena, struct private_key);

	arena_defer(arena, key_free, handle);
	key->key = handle;
	key->bits = (unsigned)EVP_PKEY_get_bits(handle);
	if (EVP_PKEY_is_a(handle, "ED25519")) {
		key->type = CRYPTO_ED25519;
		return key;
	}
	key->type = CRYPTO_RSA;
	key->rsa = rsa_context(handle);
	arena_defer(arena, context_free, key->rsa);
	return key;
}

/* What a file may hold instead, by the label of RFC 7468. */
static const struct {
	struct text label;
	const char *reason; /* NULL: a private key that is read */
} labels[] = {
    {TEXT_INIT("PRIVATE KEY"), NULL},
    {TEXT_INIT("RSA PRIVATE KEY"), NULL},
    {TEXT_INIT("ENCRYPTED PRIVATE KEY"),
     "the private key is encrypted; it is needed without a passphrase"},
    {TEXT_INIT("EC PRIVATE KEY"),
     "a key for elliptic curves; only RSA and Ed25519 can sign here"},
    {TEXT_INIT("EC PARAMETERS"),
     "a key for elliptic curves; only RSA and Ed25519 can sign here"},
    {TEXT_INIT("DSA PRIVATE KEY"),
     "a DSA key; only RSA and Ed25519 can sign here"},
    {TEXT_INIT("OPENSSH PRIVATE KEY"),
     "a key in the format of OpenSSH, not PKCS#8 or PKCS#1"},
    {TEXT_INIT("PUBLIC KEY"), "a public key and no private one"},
    {TEXT_INIT("RSA PUBLIC KEY"), "a public key and no private one"},
    {TEXT_INIT("CERTIFICATE"), "a certificate and no private key"},
};

#define LABEL_COUNT (sizeof(labels) / sizeof(*labels))

/* One block of PEM; `known` is LABEL_COUNT if the label is none of ours. */
struct block {
	size_t known;
	struct text body;
};

/* "-----BEGIN label-----" or its END, alone on its line. */
static bool
is_boundary(struct text line, struct text word, struct text *label)
{
	line = text_trim(line);
	if (!text_starts(line, word) ||
	    !text_ends_nocase(line, TEXT("-----")) || line.len < word.len + 5)
		return false;
	*label = text_skip(line, word.len);
	label->len -= 5;
	return true;
}

/* False at the end of the text; a block without its end has an empty body. */
static bool
next_block(struct scan *in, struct block *block)
{
	struct text label, last;
	const char *start;

	for (;;) {
		if (scan_at_end(in))
			return false;
		if (is_boundary(scan_until(in, '\n'), TEXT("-----BEGIN "),
				&label))
			break;
	}
	for (block->known = 0; block->known < LABEL_COUNT; block->known++)
		if (text_equal(labels[block->known].label, label))
			break;
	block->body = text_of(NULL, 0);
	start = in->at;
	while (!scan_at_end(in)) {
		const char *end = in->at;

		if (!is_boundary(scan_until(in, '\n'), TEXT("-----END "),
				 &last))
			continue;
		if (text_equal(last, label))
			block->body = text_of(start, (size_t)(end - start));
		break;
	}
	return true;
}

static bool
is_private(const struct block *block)
{
	return block->known < LABEL_COUNT &&
	       labels[block->known].reason == NULL;
}

/* The one private key of the file. */
static bool
find_key(struct text pem, struct text *body, struct why *why)
{
	struct block block, first = {.known = LABEL_COUNT};
	bool any = false, found = false;
	struct scan in;

	*body = text_of(NULL, 0);
	if (pem.len > LIMIT_KEY_FILE_BYTES)
		return why_set(why, "more than %u bytes is no private key",
			       LIMIT_KEY_FILE_BYTES);
	for (scan_init(&in, pem); next_block(&in, &block); any = true) {
		if (!any)
			first = block;
		if (!is_private(&block))
			continue;
		if (found)
			return why_set(why, "more than one private key");
		found = true;
		*body = block.body;
	}
	if (found)
		return true;
	if (!any)
		return why_set(why, "no PEM (\"-----BEGIN PRIVATE KEY-----\")");
	return why_set(why, "%s",
		       first.known < LABEL_COUNT ? labels[first.known].reason
						 : "no private key in the PEM");
}

/* "Proc-Type: 4,ENCRYPTED" of RFC 1421, as OpenSSL writes PKCS#1. */
static bool
has_encryption_header(struct text body)
{
	struct scan in;

	scan_init(&in, body);
	while (!scan_at_end(&in))
		if (text_ends_nocase(text_trim(scan_until(&in, '\n')),
				     TEXT(",ENCRYPTED")))
			return true;
	return false;
}

static EVP_PKEY *
decode(struct arena *arena, struct text body, struct why *why)
{
	const unsigned char *at;
	EVP_PKEY *key = NULL;
	struct text der;

	if (has_encryption_header(body)) {
		why_set(why, "%s", labels[2].reason);
		return NULL;
	}
	if (body.len == 0 || !base64_decode(arena, body, &der) ||
	    der.len == 0) {
		why_set(why, "the PEM of the private key is damaged");
		return NULL;
	}
	at = (const unsigned char *)der.at;
	key = d2i_AutoPrivateKey_ex(NULL, &at, (long)der.len, NULL, NULL);
	if (key != NULL && at != (const unsigned char *)der.at + der.len) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	ERR_clear_error();
	crypto_wipe((char *)der.at, der.len);
	if (key == NULL)
		why_set(why, "the private key cannot be decoded");
	return key;
}

/* Bits of one number, 0 if the key has none of this name. */
static int
number_bits(const EVP_PKEY *key, const char *name)
{
	BIGNUM *number = NULL;
	int bits = 0;

	if (EVP_PKEY_get_bn_param(key, name, &number) == 1)
		bits = BN_num_bits(number);
	BN_clear_free(number);
	ERR_clear_error();
	return bits;
}

/* No number of the key is larger than is good for, so that none costs more
 * time than the size of the key promises. */
static bool
check_rsa_numbers(const EVP_PKEY *key, struct why *why)
{
	static const char *const names[] = {
	    OSSL_PKEY_PARAM_RSA_D,	   OSSL_PKEY_PARAM_RSA_FACTOR1,
	    OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
	    OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
	};
	int bits = number_bits(key, OSSL_PKEY_PARAM_RSA_N);
	size_t i;

	if (bits < LIMIT_RSA_BITS_MIN)
		return why_set(why, "RSA key of %d bits, less than %d", bits,
			       LIMIT_RSA_BITS_MIN);
	if (bits > LIMIT_RSA_BITS_MAX)
		return why_set(why, "RSA key of %d bits, more than %d", bits,
			       LIMIT_RSA_BITS_MAX);
	if (number_bits(key, OSSL_PKEY_PARAM_RSA_E) > LIMIT_RSA_EXPONENT_BITS)
		return why_set(why, "RSA exponent of more than %d bits",
			       LIMIT_RSA_EXPONENT_BITS);
	if (number_bits(key, OSSL_PKEY_PARAM_RSA_FACTOR3) > 0)
		return why_set(why, "RSA key of more than two primes");
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (number_bits(key, names[i]) > bits)
			return why_set(why, "RSA key of wrong numbers");
	return true;
}

static bool
is_usable(const EVP_PKEY *key, struct why *why)
{
	if (EVP_PKEY_is_a(key, "ED25519"))
		return true;
	if (EVP_PKEY_is_a(key, "RSA"))
		return check_rsa_numbers(key, why);
	return why_set(why, "a private key that is neither RSA nor Ed25519");
}

/* A signature that the public half does not verify would go out with every
 * message. */
static bool
halves_fit(struct arena *arena, const struct private_key *key, struct why *why)
{
	static const char digest[DIGEST_BYTES] = "a digest to try the key with";
	struct text data = text_of(digest, DIGEST_BYTES), signature;
	struct text public = private_key_public(arena, key);
	struct public_key *other = NULL;
	bool fits = false;

	if (!private_key_sign(arena, key, data, &signature, why))
		return false;
	switch (key->type) {
	case CRYPTO_RSA:
		other = public_key_rsa(arena, public, why);
		fits =
		    other != NULL && public_key_verify_rsa(other, CRYPTO_SHA256,
							   data, signature);
		break;
	case CRYPTO_ED25519:
		other = public_key_ed25519(arena, public, why);
		fits = other != NULL &&
		       public_key_verify_ed25519(other, data, signature);
		break;
	}
	return fits || why_set(why, "the halves of the key do not fit");
}

struct private_key *
private_key_read(struct arena *arena, struct text pem, struct why *why)
{
	struct private_key *key;
	EVP_PKEY *handle;
	struct text body;

	if (!find_key(pem, &body, why))
		return NULL;
	handle = decode(arena, body, why);
	if (handle == NULL)
		return NULL;
	if (!is_usable(handle, why)) {
		EVP_PKEY_free(handle);
		return NULL;
	}
	key = key_new(arena, handle);
	return halves_fit(arena, key, why) ? key : NULL;
}

struct private_key *
private_key_new(struct arena *arena, enum crypto_key_type type, unsigned bits,
		struct why *why)
{
	EVP_PKEY *handle = NULL;

	switch (type) {
	case CRYPTO_RSA:
		if (bits < LIMIT_RSA_BITS_SIGN || bits > LIMIT_RSA_BITS_MAX) {
			why_set(why, "RSA keys have from %d to %d bits",
				LIMIT_RSA_BITS_SIGN, LIMIT_RSA_BITS_MAX);
			return NULL;
		}
		handle = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
		break;
	case CRYPTO_ED25519:
		if (bits != 0 && bits != ED25519_BITS) {
			why_set(why, "Ed25519 keys have %d bits", ED25519_BITS);
			return NULL;
		}
		handle = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	}
	ERR_clear_error();
	if (handle == NULL) {
		why_set(why, "the library made no key");
		return NULL;
	}
	return key_new(arena, handle);
}

enum crypto_key_type
private_key_type(const struct private_key *key)
{
	return key->type;
}

unsigned
private_key_bits(const struct private_key *key)
{
	return key->bits;
}

static void
wipe_text(void *handle)
{
	struct text *secret = handle;

	crypto_wipe((char *)secret->at, secret->len);
}

struct text
private_key_pem(struct arena *arena, const struct private_key *key)
{
	struct text *secret = arena_new_value(arena, struct text);
	OSSL_ENCODER_CTX *encoder = OSSL_ENCODER_CTX_new_for_pkey(
	    key->key, EVP_PKEY_KEYPAIR, "PEM", "PrivateKeyInfo", NULL);
	unsigned char *pem = NULL;
	size_t bytes = 0;
	int done = OSSL_ENCODER_to_data(encoder, &pem, &bytes);

	OSSL_ENCODER_CTX_free(encoder);
	/* a key that was read or made can be written, memory permitting */
	assert(done == 1);
	*secret = text_copy(arena, text_of((const char *)pem, bytes));
	arena_defer(arena, wipe_text, secret);
	OPENSSL_clear_free(pem, bytes);
	return *secret;
}

struct text
private_key_public(struct arena *arena, const struct private_key *key)
{
	unsigned char raw[ED25519_BITS / 8], *der = NULL;
	size_t bytes = sizeof(raw);
	struct text public = {NULL, 0};
	int length;

	switch (key->type) {
	case CRYPTO_RSA:
		length = i2d_PUBKEY(key->key, &der);
		assert(length > 0);
		public = text_copy(arena,
				   text_of((const char *)der, (size_t)length));
		OPENSSL_free(der);
		break;
	case CRYPTO_ED25519:
		length = EVP_PKEY_get_raw_public_key(key->key, raw, &bytes);
		assert(length == 1);
		public = text_copy(arena, text_of((const char *)raw, bytes));
		break;
	}
	return public;
}

static bool
sign_rsa(const struct private_key *key, struct text digest, unsigned char *to,
	 size_t *bytes)
{
	EVP_PKEY_CTX *context =
	    key->rsa != NULL ? EVP_PKEY_CTX_dup(key->rsa) : NULL;
	bool done;

	done = context != NULL &&
	       EVP_PKEY_sign(context, to, bytes,
			     (const unsigned char *)digest.at, digest.len) == 1;
	EVP_PKEY_CTX_free(context);
	return done;
}

static bool
sign_ed25519(const struct private_key *key, struct text digest,
	     unsigned char *to, size_t *bytes)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done;

	done =
	    context != NULL &&
	    EVP_DigestSignInit_ex(context, NULL, NULL, NULL, NULL, key->key,
				  NULL) == 1 &&
	    EVP_DigestSign(context, to, bytes, (const unsigned char *)digest.at,
			   digest.len) == 1;
	EVP_MD_CTX_free(context);
	return done;
}

bool
private_key_sign(struct arena *arena, const struct private_key *key,
		 struct text digest, struct text *signature, struct why *why)
{
	size_t bytes = key->type == CRYPTO_RSA ? (key->bits + 7) / 8
					       : ED25519_SIGNATURE_BYTES;
	unsigned char *to = (unsigned char *)arena_bytes(arena, bytes);
	bool done = false;

	assert(digest.len == DIGEST_BYTES);
	switch (key->type) {
	case CRYPTO_RSA:
		done = sign_rsa(key, digest, to, &bytes);
		break;
	case CRYPTO_ED25519:
		done = sign_ed25519(key, digest, to, &bytes);
		break;
	}
	ERR_clear_error();
	*signature = text_of((const char *)to, done ? bytes : 0);
	return done ||
	       why_set(why, "the library makes no signature with this key");
}
