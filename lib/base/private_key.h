/* private_key.h - keys that sign (RFC 8017 section 8.2, RFC 8032, RFC 8463)
 *
 * A key ends with its arena, which wipes its secret numbers.  Once it is made
 * nothing in it changes: any number of threads may sign with one key at the
 * same time, each with an arena of its own for the signatures, as long as the
 * key's arena lives.  Long-lived keys therefore have an arena to themselves
 * (one for a whole set that is loaded and dropped together).
 */
#ifndef BASE_PRIVATE_KEY_H
#define BASE_PRIVATE_KEY_H

#include <stdbool.h>

#include "base/crypto.h"
#include "base/text.h"

struct arena;
struct why;

struct private_key;

/* A key from PEM that is not encrypted: PKCS#8 ("PRIVATE KEY", RSA or
 * Ed25519) or PKCS#1 ("RSA PRIVATE KEY"); text around it is passed over, a
 * second private key is an error.  At most LIMIT_KEY_FILE_BYTES; RSA from
 * LIMIT_RSA_BITS_MIN to LIMIT_RSA_BITS_MAX bits, its two halves fitting each
 * other.  Below LIMIT_RSA_BITS_SIGN the caller warns.  NULL with a reason that
 * says what the file holds instead: an encrypted key, a public key, a
 * certificate, a key of another type ...
 *
 * The bytes of `pem` are secret too: who read them wipes them (crypto_wipe)
 * or lets their arena do so. */
struct private_key *private_key_read(struct arena *arena, struct text pem,
				     struct why *why);

/* A fresh key.  `bits` is for RSA, from LIMIT_RSA_BITS_SIGN to
 * LIMIT_RSA_BITS_MAX, and must be 0 or 256 for Ed25519. */
struct private_key *private_key_new(struct arena *arena,
				    enum crypto_key_type type, unsigned bits,
				    struct why *why);

enum crypto_key_type private_key_type(const struct private_key *key);
unsigned private_key_bits(const struct private_key *key);

/* PKCS#8 in PEM, not encrypted, to be written to a file that none but its
 * owner can read.  It is wiped when the arena ends. */
struct text private_key_pem(struct arena *arena, const struct private_key *key);

/* The public half as p= of a key record carries it: SubjectPublicKeyInfo in
 * DER for RSA, 32 bytes for Ed25519. */
struct text private_key_public(struct arena *arena,
			       const struct private_key *key);

/* Signs a SHA-256 digest: RSASSA-PKCS1-v1_5, or pure Ed25519 over the 32
 * bytes (RFC 8463 section 3).  False only if the library fails. */
bool private_key_sign(struct arena *arena, const struct private_key *key,
		      struct text digest, struct text *signature,
		      struct why *why);

#endif
