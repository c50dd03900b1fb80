/* key_check.h - what the DNS says of a signing key
 *
 * "Could not ask" stays distinct from "is not there" and from "is another".
 */
#ifndef ADMIN_KEY_CHECK_H
#define ADMIN_KEY_CHECK_H

#include <stdbool.h>

#include "base/crypto.h"
#include "base/dns.h"
#include "base/domain.h"
#include "base/why.h"

struct arena;

enum key_found {
	KEY_FOUND_NOT_ASKED,
	KEY_FOUND_SAME,	   /* this key, and a verifier can use it */
	KEY_FOUND_MISSING, /* no record */
	KEY_FOUND_REVOKED, /* a record with an empty p= */
	KEY_FOUND_OTHER,   /* a record, but not one that verifies with this key:
		      `why` tells */
	KEY_FOUND_COULD_NOT_ASK
};

struct key_check {
	enum key_found found;
	enum dns_security security;
	uint32_t ttl_s;
	bool test;	/* t=y: verifiers may overlook that it fails */
	struct why why; /* OTHER, COULD_NOT_ASK */
};

/* SELECTOR._domainkey.DOMAIN */
struct text key_check_name(struct arena *arena, struct domain domain,
			   struct text selector);

/* Starts the question; several may be on their way. */
struct dns_question *key_check_ask(struct arena *arena,
				   struct resolver *resolver,
				   struct domain domain, struct text selector);

/* Waits, and compares with the public half of the key: its type, and what p=
 * carries (private_key_public). */
void key_check_wait(struct arena *arena, struct dns_question *question,
		    struct deadline deadline, enum crypto_key_type type,
		    struct text public_bytes, struct key_check *answer);

#endif
