/* crypto.h - digests and signatures
 *
 * One of the files that include OpenSSL (EVP only): digests and verification;
 * private_key.c signs.  Algorithms are fetched once for the process.  RSA keys
 * are built from their two numbers with a DER reader of our own (base/der.h),
 * since OpenSSL's decoders cost more than all other cryptography of a message.
 */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct arena;
struct why;

/* First of all in a program with threads that it cannot wait for, as those of
 * libmilter: what OpenSSL keeps is not taken down at exit, while they may
 * still use it, and each of them frees its own when it ends. */
void crypto_begin(void);

enum crypto_hash { CRYPTO_SHA1 = 1, CRYPTO_SHA256 };

#define CRYPTO_HASH_BYTES_MAX 32
size_t crypto_hash_bytes(enum crypto_hash hash);

/* False if the system's policy has taken the hash away, as some do with
 * SHA-1: then no digest can be made with it. */
bool crypto_hash_available(enum crypto_hash hash);

/* A running digest; ends with the arena. */
struct digest;
struct digest *digest_new(struct arena *arena, enum crypto_hash hash);
/* A second digest that has seen the same bytes. */
struct digest *digest_copy(struct arena *arena, const struct digest *digest);
void digest_update(struct digest *digest, struct text bytes);
/* Writes crypto_hash_bytes() bytes; the digest cannot be used after it. */
void digest_finish(struct digest *digest,
		   unsigned char result[CRYPTO_HASH_BYTES_MAX]);

/* SHA-256 of bytes that are all here. */
void crypto_sha256(struct text bytes, unsigned char result[32]);

/* HMAC-SHA256 (RFC 2104); any length of key, the empty one too. */
void crypto_hmac_sha256(struct text key, struct text message,
			unsigned char result[32]);

/* Compares in a time that tells nothing but the lengths. */
bool crypto_equal(struct text a, struct text b);

/* Overwrites secret bytes; no compiler takes it away. */
void crypto_wipe(void *at, size_t bytes);

enum crypto_key_type { CRYPTO_RSA = 1, CRYPTO_ED25519 };

/* A public key; ends with the arena. */
struct public_key;

/* RSA from SubjectPublicKeyInfo or a bare RSAPublicKey, both in DER (RFC 6376
 * section 3.6.1 and its erratum 3017); Ed25519 from 32 raw bytes (RFC 8463).
 * Bounds: LIMIT_RSA_BITS_MAX, LIMIT_RSA_EXPONENT_BITS, odd modulus, odd
 * exponent of at least 3.  Sizes below LIMIT_RSA_BITS_MIN are the caller's to
 * refuse.  NULL with a reason if the key cannot be used. */
struct public_key *public_key_rsa(struct arena *arena, struct text der,
				  struct why *why);
struct public_key *public_key_ed25519(struct arena *arena, struct text raw,
				      struct why *why);
/* Where built keys come from, when it is not public_key_rsa itself. */
struct public_key_source {
	struct public_key *(*rsa)(struct public_key_source *source,
				  struct arena *arena, struct text der,
				  struct why *why);
};

/* The same key for another arena: it lives until both have ended.  A key may
 * be used by several threads at once. */
struct public_key *public_key_share(struct arena *arena,
				    const struct public_key *key);
unsigned public_key_bits(const struct public_key *key);
enum crypto_key_type public_key_type(const struct public_key *key);

/* RSASSA-PKCS1-v1_5 over a finished digest. */
bool public_key_verify_rsa(const struct public_key *key, enum crypto_hash hash,
			   struct text digest, struct text signature);
/* Pure Ed25519 over `message`, which for DKIM is the digest. */
bool public_key_verify_ed25519(const struct public_key *key,
			       struct text message, struct text signature);

#endif
