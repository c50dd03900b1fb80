/* certificate.h - X.509 certificates as facts
 *
 * The one file that includes OpenSSL's X509 part.  Reads what a certificate
 * says; whether to trust it is nobody's question here.
 */
#ifndef BASE_CERTIFICATE_H
#define BASE_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/domain.h"
#include "base/text.h"

struct arena;
struct why;

/* All of it lies in the arena. */
struct certificate {
	struct text der, key_der;	    /* itself; SubjectPublicKeyInfo */
	struct text sha256, sha512;	    /* of der, raw */
	struct text key_sha256, key_sha512; /* of key_der */
	const struct text *names; /* dNSName of subjectAltName, as they stand
				     there; without one, the common name */
	size_t name_count;
	int64_t not_before_s, not_after_s; /* unix seconds */
	bool is_self_issued;		   /* issuer and subject are the same */
};

/* One certificate in DER and nothing behind it. */
bool certificate_parse(struct arena *arena, struct text der,
		       struct certificate *certificate, struct why *why);

/* Whether this is a SubjectPublicKeyInfo in DER and nothing behind it. */
bool certificate_key_is_readable(struct text der);

/* All CERTIFICATE blocks of a PEM file in their order; LIMIT_CERTIFICATES at
 * most.  None is an error. */
bool certificate_parse_pem(struct arena *arena, struct text pem,
			   const struct certificate **chain, size_t *count,
			   struct why *why);

/* Whether the names cover the host: "*" stands for one whole label on the
 * left (RFC 6125 section 6.4). */
bool certificate_covers(const struct certificate *certificate,
			struct domain host);

#endif
