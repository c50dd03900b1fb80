/* dkim_sign.h - DKIM signatures (RFC 6376 section 5, RFC 8301, 8463, 8616)
 *
 *	signer = dkim_signer_new(arena)
 *	dkim_signer_add(...)		each signature that is wanted
 *	dkim_signer_end_of_header(...)	chooses fields, wants body digests
 *	(body passes through the body_digests)
 *	body_digests_finish(digests)
 *	dkim_signer_finish(...)
 *
 * All signatures of a message are made in one pass: one body digest for each
 * canonical form, the header read once.  h= is what signed_fields.h tells;
 * l= is never written, nor q=, whose default is the only value there is.
 * rsa-sha256 and ed25519-sha256; d= and s= in A-labels, also for SMTPUTF8.
 */
#ifndef MAILAUTH_DKIM_SIGN_H
#define MAILAUTH_DKIM_SIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/domain.h"
#include "base/private_key.h"
#include "mailauth/body_digest.h"
#include "mailauth/message.h"

struct arena;
struct why;

/* x= lies this far behind t=: no mail waits longer in a queue, and a copy
 * that is sent again later fails. */
#define DKIM_LIFETIME_S ((int64_t)14 * 24 * 3600)

struct dkim_wish {
	struct domain domain; /* d= */
	struct text selector; /* s=, A- or U-labels */
	struct text identity; /* i=, "local@domain" or "@domain" within d=;
				 empty: left out */
	const struct private_key *key;
	enum dkim_canon header_canon, body_canon; /* 0: relaxed */
	int64_t lifetime_s;			  /* 0: no x= */
};

struct dkim_signed {
	struct domain domain;
	struct text selector;
	const char *algorithm; /* "rsa-sha256", "ed25519-sha256" */
	/* What follows "DKIM-Signature:", as struct header_field has it: a
	 * space first, lines joined by CRLF TAB, nothing at the end; lines
	 * are shorter than 78 columns unless one name is longer.  The space
	 * is a part of what c=simple signs: the field is "DKIM-Signature: "
	 * and the rest. */
	struct text value;
};

struct dkim_signer;

struct dkim_signer *dkim_signer_new(struct arena *arena);

/* The wish is copied, what it points to is borrowed until the end.  False if
 * selector or identity cannot be written or there are LIMIT_SIGNATURES
 * already; then this wish is left out and others may follow. */
bool dkim_signer_add(struct dkim_signer *signer, const struct dkim_wish *wish,
		     struct why *why);

/* A header field that is covered beside those of signed_fields.h: each that
 * is there and, to oversign it, one more.  The name is borrowed.  False if
 * h= cannot hold it or there are LIMIT_SIGNED_NAMES already. */
bool dkim_signer_cover(struct dkim_signer *signer, struct text name,
		       bool oversign, struct why *why);

/* False if the message cannot be signed: no From, or signed_fields_choose
 * says so.  The fields stay where they are until dkim_signer_finish; those
 * added in between are not signed. */
bool dkim_signer_end_of_header(struct dkim_signer *signer,
			       const struct message *message,
			       struct body_digests *digests, struct why *why);

/* Signs; `now_s` becomes t=.  The results are in the order of the wishes.
 * All or none: false if one signature failed. */
bool dkim_signer_finish(struct dkim_signer *signer, int64_t now_s,
			const struct dkim_signed **results, size_t *count,
			struct why *why);

#endif
