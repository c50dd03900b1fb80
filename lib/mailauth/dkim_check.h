/* dkim_check.h - one signature against the key records of its selector
 *
 * What DKIM and ARC have in common (RFC 6376 sections 6.1.2 and 6.1.3 from
 * the key on, RFC 8617 section 5.2).
 */
#ifndef MAILAUTH_DKIM_CHECK_H
#define MAILAUTH_DKIM_CHECK_H

#include <stdbool.h>

#include "base/dns.h"
#include "mailauth/dkim_signature.h"
#include "mailauth/dkim_verify.h"

struct arena;

struct dkim_check {
	enum dkim_result result; /* PASS, FAIL, POLICY, TEMPERROR, PERMERROR */
	unsigned bits;		 /* of the key; 0 if none was had */
	bool test_key;		 /* the key has t=y */
	enum dns_security security;
	const char *reason; /* NULL when PASS */
};

/* A reason, before any key is asked for, why the signature cannot pass: its
 * algorithm.  NULL if there is none. */
const char *dkim_check_algorithm(const struct dkim_signature *signature,
				 const struct dkim_options *options);

/* A reason in t= or x=, NULL if there is none. */
const char *dkim_check_times(const struct dkim_signature *signature,
			     const struct dkim_options *options, int64_t now_s);

/* Tries the key records found, LIMIT_DKIM_KEYS of those that fit, and keeps
 * the best outcome.  `header_hash` is the digest that b= signs; without
 * `body_fits` no key can make it pass. */
void dkim_check(struct arena *arena, const struct dkim_signature *signature,
		const struct dns_answer *answer,
		const struct dkim_options *options, struct text header_hash,
		bool body_fits, struct dkim_check *check);

#endif
