/* dkim_record.h - the key record to publish at SELECTOR._domainkey.DOMAIN
 * (RFC 6376 section 3.6.1, RFC 8463 section 4)
 *
 * What is written here reads back with dkim_key_parse to the same values.
 */
#ifndef MAILAUTH_DKIM_RECORD_H
#define MAILAUTH_DKIM_RECORD_H

#include <stdbool.h>

#include "base/crypto.h"
#include "base/text.h"

struct arena;

/* All zero but type and data is what suits most: tags that say no more than
 * their default are left out, but for v= and k=, which careless readers
 * miss. */
struct dkim_record {
	enum crypto_key_type type;
	struct text data;     /* private_key_public(); empty: revoked */
	bool sha256_only;     /* h=sha256 */
	bool email_only;      /* s=email */
	bool test;	      /* t=y: failures are to be overlooked */
	bool strict_identity; /* t=s: i= only in d= itself */
};

/* The text of the TXT record in one piece; a zone file cuts it into strings
 * of 255 bytes at most. */
struct text dkim_record_write(struct arena *arena,
			      const struct dkim_record *record);

#endif
