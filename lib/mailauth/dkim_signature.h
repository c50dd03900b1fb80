/* dkim_signature.h - the tags of a signature field (RFC 6376 section 3.5,
 * RFC 8301, 8463, 8616), and of its relatives in ARC (RFC 8617 section 4.1)
 */
#ifndef MAILAUTH_DKIM_SIGNATURE_H
#define MAILAUTH_DKIM_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/domain.h"
#include "base/tag_list.h"
#include "mailauth/dkim_canon.h"

struct arena;
struct why;

enum dkim_signature_kind {
	DKIM_SIGNATURE = 1,
	DKIM_ARC_MESSAGE_SIGNATURE, /* no v=; i= is an instance */
	DKIM_ARC_SEAL /* no v=, bh=, c=, h=, l=, q=; i= is an instance */
};

#define DKIM_NO_TIME (-1)

struct dkim_signature {
	const struct header_field *field;
	struct tag_list tags;
	bool is_tag_list; /* false: `tags` ends where it broke */
	enum crypto_key_type key_type;
	enum crypto_hash hash;
	enum dkim_canon header_canon, body_canon;
	struct domain domain; /* d= */
	struct text selector; /* s=, A-labels */
	struct text identity; /* i= with A-labels, or "@" and d= */
	struct domain identity_domain;
	struct text algorithm;		  /* a= as received */
	struct text b_text;		  /* b= without white space */
	struct text b_whole;		  /* where b= lies in the field */
	struct text signature, body_hash; /* b=, bh= decoded */
	struct text *names;		  /* h=, some perhaps empty */
	size_t name_count;
	bool has_length;
	uint64_t length;
	int64_t signed_at, expires_at; /* t=, x= in seconds or DKIM_NO_TIME */
};

/* Everything lies in the arena or in the field.  After false the signature
 * is a permanent error; domain, selector, algorithm and b_text are set as far
 * as they could be read all the same. */
bool dkim_signature_parse(struct arena *arena, enum dkim_signature_kind kind,
			  const struct header_field *field,
			  struct dkim_signature *signature, struct why *why);

/* d= of a field that is not parsed further, without taking memory but for
 * the domain; not set if there is none. */
struct domain dkim_signature_peek_domain(struct arena *arena,
					 const struct header_field *field);

/* How often h= names this field. */
size_t dkim_signature_names(const struct dkim_signature *signature,
			    const char *name);

/* "selector._domainkey.domain" */
struct text dkim_signature_key_name(struct arena *arena,
				    const struct dkim_signature *signature);

#endif
