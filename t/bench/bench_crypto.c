#include "bench_crypto.h"

#include "corpus.h"

#include <err.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

enum { ED25519_BYTES = 32, PRIME_BYTES = 128, EXPONENT = 65537 };

struct key {
	enum key_type type;
	EVP_PKEY *pkey;
};

static void
must(bool fine, const char *what)
{
	if (!fine)
		errx(1, "OpenSSL: %s failed", what);
}

const char *
crypto_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}

void
sha256(const void *data, size_t len, unsigned char digest[SHA256_BYTES])
{
	must(EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL) == 1,
	     "EVP_Digest");
}

char *
base64_write(const unsigned char *bytes, size_t len)
{
	char *out = need(4 * ((len + 2) / 3) + 1);

	EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
	return out;
}

size_t
base64_read(const char *text, unsigned char *out)
{
	size_t len = strlen(text), padding = 0;
	int n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);

	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	must(n >= (int)padding, "EVP_DecodeBlock");
	return (size_t)n - padding;
}

static struct key *
key_new(enum key_type type, EVP_PKEY *pkey)
{
	struct key *key = need(sizeof(*key));

	must(pkey != NULL, "making a key");
	*key = (struct key){type, pkey};
	return key;
}

void
key_free(struct key *key)
{
	EVP_PKEY_free(key->pkey);
	free(key);
}

/* The first prime above a random start such that 65537 does not divide
 * p - 1; two of them make a modulus of exactly 2048 bits. */
static BIGNUM *
prime(struct random *random, BN_CTX *context)
{
	unsigned char start[PRIME_BYTES];
	BIGNUM *p;

	random_bytes(random, start, sizeof(start));
	start[0] |= 0xC0;
	start[PRIME_BYTES - 1] |= 1;
	p = BN_bin2bn(start, sizeof(start), NULL);
	must(p != NULL, "BN_bin2bn");
	while (BN_mod_word(p, EXPONENT) == 1 ||
	       BN_check_prime(p, context, NULL) != 1)
		must(BN_add_word(p, 2) == 1, "BN_add_word");
	return p;
}

static EVP_PKEY *
rsa_build(const BIGNUM *n, const BIGNUM *e, const BIGNUM *d)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	int selection = d != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
	OSSL_PARAM *params;
	EVP_PKEY *pkey = NULL;

	must(build != NULL && context != NULL &&
		 OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
		 OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) &&
		 (d == NULL ||
		  OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, d)),
	     "OSSL_PARAM_BLD");
	params = OSSL_PARAM_BLD_to_param(build);
	must(params != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
		 EVP_PKEY_fromdata(context, &pkey, selection, params) == 1,
	     "EVP_PKEY_fromdata");
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(context);
	return pkey;
}

static EVP_PKEY *
rsa_generate(struct random *random)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *p = prime(random, context), *q = prime(random, context);
	BIGNUM *n = BN_new(), *e = BN_new(), *d = BN_new(), *phi = BN_new();
	EVP_PKEY *pkey;

	must(BN_set_word(e, EXPONENT) && BN_mul(n, p, q, context) &&
		 BN_sub_word(p, 1) && BN_sub_word(q, 1) &&
		 BN_mul(phi, p, q, context) &&
		 BN_mod_inverse(d, e, phi, context) != NULL,
	     "BIGNUM arithmetic");
	pkey = rsa_build(n, e, d);
	BN_free(p);
	BN_free(q);
	BN_free(n);
	BN_free(e);
	BN_free(d);
	BN_free(phi);
	BN_CTX_free(context);
	return pkey;
}

struct key *
key_generate(enum key_type type, struct random *random)
{
	unsigned char seed[ED25519_BYTES];

	if (type == KEY_RSA)
		return key_new(type, rsa_generate(random));
	random_bytes(random, seed, sizeof(seed));
	return key_new(type, EVP_PKEY_new_raw_private_key(
				 EVP_PKEY_ED25519, NULL, seed, sizeof(seed)));
}

char *
key_record(const struct key *key)
{
	unsigned char raw[MODULUS_BYTES], *der = NULL;
	char *text;
	int len;

	if (key->type == KEY_ED25519)
		return base64_write(raw, key_public(key, raw));
	len = i2d_PUBKEY(key->pkey, &der);
	must(len > 0, "i2d_PUBKEY");
	text = base64_write(der, (size_t)len);
	OPENSSL_free(der);
	return text;
}

size_t
key_public(const struct key *key, unsigned char out[MODULUS_BYTES])
{
	size_t len = MODULUS_BYTES;
	BIGNUM *n = NULL;

	if (key->type == KEY_ED25519) {
		must(EVP_PKEY_get_raw_public_key(key->pkey, out, &len) == 1,
		     "EVP_PKEY_get_raw_public_key");
		return len;
	}
	must(EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1,
	     "EVP_PKEY_get_bn_param");
	len = (size_t)BN_bn2bin(n, out);
	BN_free(n);
	return len;
}

static EVP_PKEY *
rsa_from_modulus(const unsigned char *bytes, size_t len)
{
	BIGNUM *n = BN_bin2bn(bytes, (int)len, NULL), *e = BN_new();
	EVP_PKEY *pkey;

	must(n != NULL && BN_set_word(e, EXPONENT) == 1, "BN_bin2bn");
	pkey = rsa_build(n, e, NULL);
	BN_free(n);
	BN_free(e);
	return pkey;
}

struct key *
key_from_public(enum key_type type, const unsigned char *bytes, size_t len)
{
	if (type == KEY_RSA)
		return key_new(type, rsa_from_modulus(bytes, len));
	return key_new(type, EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
							 bytes, len));
}

/* Ed25519 signs the digest as its message (RFC 8463 section 3); RSA takes
 * it as SHA-256's output (PKCS #1 v1.5). */
static EVP_PKEY_CTX *
rsa_context(const struct key *key, int (*init)(EVP_PKEY_CTX *))
{
	EVP_PKEY_CTX *context =
	    EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);

	must(context != NULL && init(context) == 1 &&
		 EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) ==
		     1 &&
		 EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1,
	     "EVP_PKEY_CTX");
	return context;
}

size_t
key_sign(const struct key *key, const unsigned char digest[SHA256_BYTES],
	 unsigned char signature[SIGNATURE_MAX])
{
	size_t len = SIGNATURE_MAX;

	if (key->type == KEY_RSA) {
		EVP_PKEY_CTX *context = rsa_context(key, EVP_PKEY_sign_init);

		must(EVP_PKEY_sign(context, signature, &len, digest,
				   SHA256_BYTES) == 1,
		     "EVP_PKEY_sign");
		EVP_PKEY_CTX_free(context);
	} else {
		EVP_MD_CTX *context = EVP_MD_CTX_new();

		must(EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) ==
			     1 &&
			 EVP_DigestSign(context, signature, &len, digest,
					SHA256_BYTES) == 1,
		     "EVP_DigestSign");
		EVP_MD_CTX_free(context);
	}
	return len;
}

bool
key_verify(const struct key *key, const unsigned char digest[SHA256_BYTES],
	   const unsigned char *signature, size_t len)
{
	bool fine;

	if (key->type == KEY_RSA) {
		EVP_PKEY_CTX *context = rsa_context(key, EVP_PKEY_verify_init);

		fine = EVP_PKEY_verify(context, signature, len, digest,
				       SHA256_BYTES) == 1;
		EVP_PKEY_CTX_free(context);
	} else {
		EVP_MD_CTX *context = EVP_MD_CTX_new();

		must(EVP_DigestVerifyInit(context, NULL, NULL, NULL,
					  key->pkey) == 1,
		     "EVP_DigestVerifyInit");
		fine = EVP_DigestVerify(context, signature, len, digest,
					SHA256_BYTES) == 1;
		EVP_MD_CTX_free(context);
	}
	return fine;
}
