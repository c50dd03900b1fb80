/*
 * bench_crypto.h - what the corpus generator and the floor need of OpenSSL
 *
 * Failures of OpenSSL end the process: there is no corpus without it.
 */
#ifndef BENCH_CRYPTO_H
#define BENCH_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#include "gen_random.h"

enum { SHA256_BYTES = 32, SIGNATURE_MAX = 512, MODULUS_BYTES = 256 };

enum key_type { KEY_RSA = 1, KEY_ED25519 };

struct key; /* a private or a public key */

/* RSA with 2048 bits or Ed25519; the same random state, the same key. */
struct key *key_generate(enum key_type type, struct random *random);

/* The value of the p= tag, in base64; free it. */
char *key_record(const struct key *key);

/* The raw public key: RSA modulus or Ed25519 point. Returns its length. */
size_t key_public(const struct key *key, unsigned char out[MODULUS_BYTES]);

/* A public key from its raw bytes (RSA exponent 65537). */
struct key *key_from_public(enum key_type type, const unsigned char *bytes,
			    size_t len);
void key_free(struct key *key);

/* Signs or verifies a SHA-256 digest as RFC 6376 or RFC 8463 wants. */
size_t key_sign(const struct key *key, const unsigned char digest[SHA256_BYTES],
		unsigned char signature[SIGNATURE_MAX]);
bool key_verify(const struct key *key, const unsigned char digest[SHA256_BYTES],
		const unsigned char *signature, size_t len);

void sha256(const void *data, size_t len, unsigned char digest[SHA256_BYTES]);

/* Base64 without line breaks; free it. */
char *base64_write(const unsigned char *bytes, size_t len);
/* Returns the length; `out` has room for 3/4 of the text's length. */
size_t base64_read(const char *text, unsigned char *out);

const char *crypto_version(void);

#endif
