/* dkim_key.h - key records in the DNS (RFC 6376 section 3.6.1, RFC 8463) */
#ifndef MAILAUTH_DKIM_KEY_H
#define MAILAUTH_DKIM_KEY_H

#include <stdbool.h>

#include "base/crypto.h"
#include "base/text.h"
#include "mailauth/dkim_signature.h"

struct arena;
struct public_key_source;
struct why;

struct dkim_key {
	enum crypto_key_type type; /* k= */
	struct text data;	   /* p= decoded; empty if revoked */
	bool sha1, sha256;	   /* h= allows this hash */
	bool email;		   /* s= allows mail */
	bool tls_reports;	   /* s= allows TLS reports (RFC 8460 section
				      3): mail of that one kind */
	bool test;		   /* t=y */
	bool strict_identity;	   /* t=s: no subdomain in i= */
};

/* Borrows from the record. */
bool dkim_key_parse(struct arena *arena, struct text record,
		    struct dkim_key *key, struct why *why);

/* What the record allows: its type, hash, service and identity rules, and
 * that it is not revoked.  `tls_report`: the message is one. */
bool dkim_key_allows(const struct dkim_key *key,
		     const struct dkim_signature *signature, bool tls_report,
		     struct why *why);

/* The key itself, bounded as crypto.h tells; NULL if it cannot be used.
 * Without a `source` (NULL) it is built anew. */
struct public_key *dkim_key_public(struct arena *arena,
				   const struct dkim_key *key,
				   struct public_key_source *source,
				   struct why *why);

#endif
