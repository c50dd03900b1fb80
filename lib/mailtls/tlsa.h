/* tlsa.h - TLSA records of mail servers (RFC 6698, RFC 7671, RFC 7672) */
#ifndef MAILTLS_TLSA_H
#define MAILTLS_TLSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/certificate.h"
#include "base/text.h"

struct buf;
struct why;

struct tlsa {
	uint8_t usage;	  /* 2 DANE-TA, 3 DANE-EE; 0 and 1 are not for mail */
	uint8_t selector; /* 0 the certificate, 1 its public key */
	uint8_t matching; /* 0 the bytes, 1 SHA-256, 2 SHA-512 */
	struct text data;
};

/* From the record's raw data; borrows.  False if it is cut short. */
bool tlsa_parse(struct text raw, struct tlsa *tlsa, struct why *why);

/* False, and why, for what no mail client uses (RFC 7672 section 3.1):
 * usages 0 and 1, unknown words, a digest of a wrong length. */
bool tlsa_is_usable(const struct tlsa *tlsa, struct why *why);

/* "3 1 1 0123..." as a zone file has it. */
void tlsa_write(struct buf *to, const struct tlsa *tlsa);

/* The one to publish (RFC 7671 section 5.1): 3 1 1.  Borrows. */
struct tlsa tlsa_of(const struct certificate *certificate);

/* Whether the record names this certificate or its key. */
bool tlsa_names(const struct tlsa *tlsa, const struct certificate *certificate);

/* Whether a usable record agrees with what a server shows, its own
 * certificate first: usage 3 names the first one, usage 2 any one.  Of usage 2
 * the names, dates and signatures are still to be looked at. */
bool tlsa_match(const struct tlsa *tlsa, const struct certificate *chain,
		size_t count);

#endif
