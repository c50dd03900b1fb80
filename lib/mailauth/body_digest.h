/* body_digest.h - body hashes of all signatures in one pass
 *
 * Each distinct (canonicalization, hash, length) is computed once, however
 * many signatures want it (RFC 6376 sections 3.4.3, 3.4.4, 3.7).  Both
 * canonical forms are made from the same pass; memory is constant.
 */
#ifndef MAILAUTH_BODY_DIGEST_H
#define MAILAUTH_BODY_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/text.h"
#include "mailauth/dkim_canon.h"

struct arena;

#define BODY_WHOLE UINT64_MAX

struct body_digests;

struct body_digests *body_digests_new(struct arena *arena);

/* Before the first byte.  `length` is l= or BODY_WHOLE.  Returns a number to
 * ask with later; the same number for the same wish.  There is room for
 * LIMIT_BODY_DIGESTS different ones: callers bound what they want. */
unsigned body_digests_want(struct body_digests *digests, enum dkim_canon canon,
			   enum crypto_hash hash, uint64_t length);

/* Before the first byte: lines are seen as a mail server sends them that
 * breaks them after `limit` bytes (line_limit.h). */
void body_digests_limit_lines(struct body_digests *digests, size_t limit);

/* Chunks as they arrive, cut anywhere.  Bare LF and bare CR stay as they
 * are.  Returns false when no digest needs further bytes. */
bool body_digests_update(struct body_digests *digests, struct text chunk);

/* Once, at the end. */
void body_digests_finish(struct body_digests *digests);

/* The digest, and how many canonical bytes the whole body had that were
 * seen (for l= shorter than the body, more than was hashed). */
struct text body_digests_get(const struct body_digests *digests,
			     unsigned number, uint64_t *canonical_bytes);

#endif
