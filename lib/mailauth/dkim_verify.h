/* dkim_verify.h - DKIM verification (RFC 6376, 8301, 8463, 8616)
 *
 *	verifier = dkim_verifier_new(...)
 *	dkim_verifier_field(...)	each DKIM-Signature as it arrives
 *	dkim_verifier_end_of_header(...)  chooses, wants body digests
 *	(body passes through the body_digests)
 *	dkim_verifier_finish(...)
 */
#ifndef MAILAUTH_DKIM_VERIFY_H
#define MAILAUTH_DKIM_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dns.h"
#include "base/domain.h"
#include "mailauth/body_digest.h"
#include "mailauth/message.h"

enum dkim_result {
	DKIM_NOT_EVALUATED = 0,
	DKIM_NONE,
	DKIM_PASS,
	DKIM_FAIL,	/* signature or body hash does not fit */
	DKIM_POLICY,	/* our policy does not take it: l=, a further From
			   that is not signed (both only where it verifies),
			   rsa-sha1, short key */
	DKIM_NEUTRAL,	/* not looked at: beyond the limit of signatures or
			   of the header; or a failure under a t=y key */
	DKIM_TEMPERROR, /* the key could not be asked for */
	DKIM_PERMERROR	/* PERMFAIL of RFC 6376 6.1: syntax, version, From
			   not signed, expired, no key, revoked ... */
};

struct public_key_source;

struct dkim_options {
	bool allow_rsa_sha1;	   /* test-only switch */
	unsigned minimum_rsa_bits; /* 0: LIMIT_RSA_BITS_MIN */
	bool allow_body_length;	   /* l= may pass; default no */
	int64_t clock_skew_s;	   /* for x= and t= in the future */
	bool tls_report; /* the message is one: found out by the verifier */
	struct public_key_source *keys; /* NULL: each is built anew */
};

struct dkim_signature_result {
	enum dkim_result result;
	struct domain domain;	    /* d=; not set if it could not be read */
	struct text selector;	    /* s=, as A-labels */
	struct text identity;	    /* i=, or @d */
	struct text algorithm;	    /* a= as received */
	struct text header_b;	    /* first 8 or more bytes of b=, white space
				       out, unique enough (RFC 6008) */
	unsigned bits;		    /* key size; 0 if no key was had */
	bool test_key;		    /* t=y */
	bool has_length;	    /* l= was there */
	enum dns_security security; /* of the key's answer */
	const char *reason;	    /* a few words when not pass */
};

struct dkim_verifier;

struct dkim_verifier *dkim_verifier_new(struct arena *arena,
					struct resolver *resolver,
					const struct dkim_options *options);

/* Parses the signature and asks for its key at once. */
void dkim_verifier_field(struct dkim_verifier *verifier,
			 const struct header_field *field);

/* Chooses at most LIMIT_DKIM_SIGNATURES: those whose d= equals or is parent
 * or child of an author domain first, then from the top; hashes the header
 * for each and asks `digests` for the body. */
void dkim_verifier_end_of_header(struct dkim_verifier *verifier,
				 const struct message *message,
				 const struct domain *authors,
				 size_t author_count,
				 struct body_digests *digests);

/* Waits for keys and decides; the body digests are finished.  The results
 * stand in the order of the fields, those not looked at included (NEUTRAL),
 * LIMIT_DKIM_FIELDS at most.  Returns their number. */
size_t dkim_verifier_finish(struct dkim_verifier *verifier,
			    struct deadline deadline, int64_t now_s,
			    const struct dkim_signature_result **results);

/* "pass", "permerror" ... (RFC 8601 section 2.7.1). */
const char *dkim_result_name(enum dkim_result result);

#endif
