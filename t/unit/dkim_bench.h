/* dkim_bench.h - for tests: keys, a signer, and one call that verifies */
#ifndef DKIM_BENCH_H
#define DKIM_BENCH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"
#include "mailauth/arc.h"
#include "mailauth/dkim_verify.h"
#include "t/unit/dkim_reference.h"

/* A key pair that ends with the arena. */
struct test_key;

struct test_key *test_key_rsa(struct arena *arena, unsigned bits);
struct test_key *test_key_ed25519(struct arena *arena);
/* The same pair each time: that of RFC 8463 appendix A.2. */
struct test_key *test_key_rfc8463(struct arena *arena);
/* base64 as p= has it: SubjectPublicKeyInfo, or the raw Ed25519 key */
const char *test_key_p(struct arena *arena, const struct test_key *key);
/* "s1._domainkey.example.com TXT "v=DKIM1; k=...; p=..."\n", the record cut
 * into strings; `tags` stands before p= ("t=y; " or ""). */
const char *test_key_zone(struct arena *arena, const struct test_key *key,
			  const char *name, const char *tags);

/* Signs `data` after hashing ("sha1" or "sha256"); Ed25519 signs the
 * digest. */
struct text test_key_sign(struct arena *arena, const struct test_key *key,
			  const char *hash, struct text data);

/* The message with a signature field of that name on top.  In `tags`, "bh=@"
 * and "b=@" are filled in; a=, c=, h= and l= are read from it. */
const char *test_sign(struct arena *arena, const struct test_key *key,
		      const char *field_name, const char *tags,
		      const char *message);

/* The message with one more ARC set, sealed with that key.  `results` is what
 * stands behind "i=N; " in ARC-Authentication-Results, `ams` the tags of the
 * message signature but for i=, `seal` those of the seal but for i= and b=. */
const char *test_seal(struct arena *arena, const struct test_key *key,
		      unsigned instance, const char *results, const char *ams,
		      const char *seal, const char *message);

struct test_verified {
	const struct dkim_signature_result *results;
	size_t count;
	unsigned questions;
};

extern const struct dkim_options test_options;

struct test_verified test_verify_with(struct arena *arena,
				      struct resolver *resolver,
				      const char *message, const char *author,
				      const struct dkim_options *options,
				      int64_t now_s);

/* Verifies with answers from `zone` at the time 1700000000; `author` is the
 * domain of From. */
struct test_verified test_verify(struct arena *arena, const char *zone,
				 const char *message, const char *author,
				 const struct dkim_options *options);

/* The result of a message with one signature. */
const struct dkim_signature_result *
test_verify_one(struct arena *arena, const char *zone, const char *message,
		const struct dkim_options *options);

struct test_arc {
	struct arc_verdict verdict;
	unsigned questions;
};

struct test_arc test_verify_arc(struct arena *arena, const char *zone,
				const char *message);

#endif
