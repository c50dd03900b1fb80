/* der.h - the little of ASN.1 DER (X.690) that RSA keys in the DNS need
 *
 * Strict: definite and shortest lengths, positive integers in their shortest
 * form, nothing behind the end.
 */
#ifndef BASE_DER_H
#define BASE_DER_H

#include <stdbool.h>

#include "base/text.h"

struct why;

/* Big-endian numbers without leading zero bytes, borrowed from the input. */
struct der_rsa_key {
	struct text modulus, exponent;
};

/* SubjectPublicKeyInfo with the algorithm rsaEncryption (RFC 3279 section
 * 2.3.1), or the bare RSAPublicKey (RFC 8017 appendix A.1.1) that erratum
 * 3017 to RFC 6376 tells of. */
bool der_read_rsa_key(struct text der, struct der_rsa_key *key,
		      struct why *why);

#endif
