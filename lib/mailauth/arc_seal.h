/* arc_seal.h - adding a set to an Authenticated Received Chain (RFC 8617
 * section 5.1)
 *
 *	sealer = arc_sealer_new(arena, wish, why)
 *	arc_sealer_end_of_header(...)	wants a body digest
 *	(body passes through the body_digests; arc_verifier_finish)
 *	arc_sealer_finish(...)
 *
 * A key of any type seals, but readers in the field (dkimpy, Mail::DKIM) know
 * RSA alone: take that.
 */
#ifndef MAILAUTH_ARC_SEAL_H
#define MAILAUTH_ARC_SEAL_H

#include <stdbool.h>

#include "mailauth/arc.h"
#include "mailauth/dkim_sign.h"

/* The three values, written as struct dkim_signed tells.  They are inserted
 * at the top of the header, `seal` last, so that it stands topmost. */
struct arc_sealed {
	unsigned instance;
	struct text auth_results;      /* ARC-Authentication-Results */
	struct text message_signature; /* ARC-Message-Signature */
	struct text seal;	       /* ARC-Seal */
};

struct arc_sealer;

/* Domain, selector, key and body_canon of the wish count; the header is
 * relaxed, as a seal always is.  NULL if the selector cannot be written. */
struct arc_sealer *arc_sealer_new(struct arena *arena,
				  const struct dkim_wish *wish,
				  struct why *why);

/* The message signature covers the DKIM-Signature fields that are there, but
 * for a host that may still take some of them away. */
void arc_sealer_leave_signatures(struct arc_sealer *sealer);

/* `message` is what is to be passed on, its older sets included, and stays
 * until arc_sealer_finish.  False if it cannot be sealed: as for a DKIM
 * signature, or its chain has ended (the newest seal says cv=fail, or there
 * are LIMIT_ARC_SETS). */
bool arc_sealer_end_of_header(struct arc_sealer *sealer,
			      const struct message *message,
			      struct body_digests *digests, struct why *why);

/* `verdict` is what arc_verifier_finish said about the same message:
 *  - none: instance 1, cv=none;
 *  - pass: the next instance, cv=pass;
 *  - fail: one above the highest instance seen, cv=fail, and the seal covers
 *    its own set alone (section 5.1.2); then nobody adds to the chain again;
 *  - temperror, not evaluated: false, since a seal would end the chain for
 *    what a later try may find whole.
 * `auth_results` is the value of the Authentication-Results field of this
 * host, "authserv-id; ..."; it is copied as it stands behind "i=N; ". */
bool arc_sealer_finish(struct arc_sealer *sealer,
		       const struct arc_verdict *verdict,
		       struct text auth_results, int64_t now_s,
		       struct arc_sealed *sealed, struct why *why);

#endif
