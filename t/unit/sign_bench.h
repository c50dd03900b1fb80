/* sign_bench.h - for tests: our own signatures put on whole messages */
#ifndef SIGN_BENCH_H
#define SIGN_BENCH_H

#include "base/arena.h"
#include "base/private_key.h"
#include "mailauth/arc_seal.h"
#include "mailauth/dkim_sign.h"

/* The time that test_verify has. */
#define SIGN_NOW ((int64_t)1700000000)

/* Made once for the program. */
const struct private_key *sign_rsa(void); /* RSA 2048 */
const struct private_key *sign_ed25519(void);
void sign_keys_free(void);

/* "selector._domainkey.domain TXT ..." */
const char *sign_zone(struct arena *arena, const struct dkim_wish *wish);

/* The message with the signatures on top, made as a milter makes them: the
 * body in pieces of `piece` bytes. */
const char *sign_message(struct arena *arena, const struct dkim_wish *wishes,
			 size_t count, const char *message, size_t piece);

/* example.com */
extern const struct domain sign_domain;

/* Each form with each key, for sign_domain: eight, as many as one message may
 * have, and the zone with their keys. */
size_t sign_all_wishes(struct arena *arena, struct dkim_wish *wishes);
const char *sign_all_zones(struct arena *arena, const struct dkim_wish *wishes,
			   size_t count);

/* The message has so many signatures, and all or none of them pass. */
void sign_want_pass(struct arena *arena, const char *zone, const char *raw,
		    size_t count);
void sign_want_no_pass(struct arena *arena, const char *zone, const char *raw,
		       size_t count);

/* The message with a set on top. */
const char *sign_put_set(struct arena *arena, const struct arc_sealed *sealed,
			 const char *message);

/* The message with one more ARC set, after verifying what it has; NULL with
 * the reason if it is not sealed. */
const char *sign_seal(struct arena *arena, const struct dkim_wish *wish,
		      const char *zone, const char *auth_results,
		      const char *message, struct why *why);

#endif
