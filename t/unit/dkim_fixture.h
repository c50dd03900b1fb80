/* dkim_fixture.h - one message and its keys, for all tests of DKIM */
#ifndef DKIM_FIXTURE_H
#define DKIM_FIXTURE_H

#include "dkim_bench.h"

#define KEY_NAME "s1._domainkey.example.com"
#define TAGS                                                                   \
	"v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1; "          \
	"h=from:to:subject; bh=@; b=@"
#define ED_TAGS                                                                \
	"v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com; s=s1; "      \
	"h=from:to:subject; bh=@; b=@"

extern const char fixture_message[];
extern struct test_key *fixture_rsa, *fixture_ed25519; /* RSA 1024 */
extern const char *fixture_rsa_zone, *fixture_ed_zone; /* at KEY_NAME */

/* Set-up and tear-down of the group. */
int fixture_make(void **state);
int fixture_free(void **state);

/* The message signed with the RSA key. */
const char *fixture_sign(struct arena *arena, const char *tags);

/* `reason` is a part of what is said; NULL if nothing may be. */
void fixture_want(const struct dkim_signature_result *result,
		  enum dkim_result wanted, const char *reason);

/* The message signed with these tags under the RSA key's zone. */
void fixture_want_tags(struct arena *arena, const char *tags,
		       enum dkim_result wanted, const char *reason);

/* The message signed with TAGS under this zone. */
void fixture_want_zone(struct arena *arena, const char *zone,
		       enum dkim_result wanted, const char *reason);

/* The text with the first `what` in it replaced. */
const char *fixture_replaced(struct arena *arena, const char *raw,
			     const char *what, const char *with);

/* A zone with an RSA key nobody has the other half of: the modulus has this
 * size and this last byte. */
const char *fixture_key_zone(struct arena *arena, unsigned bits,
			     unsigned char last, const char *exponent,
			     size_t exponent_bytes);

#endif
