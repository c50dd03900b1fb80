/* arc.h - Authenticated Received Chain, verification (RFC 8617 section 5.2)
 *
 * Stricter than the RFC in two points, both as for DKIM: l= in a message
 * signature and keys below LIMIT_RSA_BITS_MIN do not verify.
 */
#ifndef MAILAUTH_ARC_H
#define MAILAUTH_ARC_H

#include <stdbool.h>
#include <stdint.h>

#include "mailauth/body_digest.h"
#include "mailauth/dkim_verify.h"
#include "mailauth/message.h"

enum arc_result {
	ARC_NOT_EVALUATED = 0,
	ARC_NONE,
	ARC_PASS,
	ARC_FAIL,
	ARC_TEMPERROR /* a key could not be asked for: no verdict */
};

struct arc_set {
	unsigned instance;
	struct domain sealer; /* d= of ARC-Seal */
	struct text selector;
	struct text auth_results; /* AAR value after "i=N;" */
	enum dns_security security;
};

struct arc_verdict {
	enum arc_result result;
	const char *reason;	    /* fail, temperror: a few words */
	const struct arc_set *sets; /* newest last; only when pass */
	size_t count;		    /* instances found, also when fail */
	unsigned oldest_pass;	    /* header.oldest-pass (section 5.2) */
	enum dns_security security;
};

struct arc_verifier;

struct arc_verifier *arc_verifier_new(struct arena *arena,
				      struct resolver *resolver,
				      const struct dkim_options *options);
/* Each ARC-Seal, ARC-Message-Signature and ARC-Authentication-Results as it
 * arrives; the first keys are asked for at once.  Other fields are no
 * matter here. */
void arc_verifier_field(struct arc_verifier *verifier,
			const struct header_field *field);
void arc_verifier_end_of_header(struct arc_verifier *verifier,
				const struct message *message,
				struct body_digests *digests);
void arc_verifier_finish(struct arc_verifier *verifier,
			 struct deadline deadline, int64_t now_s,
			 struct arc_verdict *verdict);

/* "none", "pass", "fail", "temperror". */
const char *arc_result_name(enum arc_result result);

#endif
