/* intake_sender.h - who sent a report, as far as that is proven
 *
 * signet-milter has checked the message; what it found stands in the
 * Authentication-Results field that it wrote.  That field is trusted if it
 * bears our authserv-id and stands above the Received fields of others: what
 * lies below came with the message.
 */
#ifndef DMARC_REPORTER_INTAKE_SENDER_H
#define DMARC_REPORTER_INTAKE_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/domain.h"

struct arena;
struct message;
struct public_suffix_list;
struct why;

struct intake_trust {
	struct text authserv_id;
	uint64_t received_above; /* Received fields that are ours */
	const struct public_suffix_list *suffixes;
};

struct intake_sender {
	struct domain from; /* of From; not set: several or none */
	bool dmarc_pass;    /* dmarc=pass for `from` */
	/* d= of a passing signature that is `from` or above it within the
	 * organization, without l= (RFC 8460 section 3); not set: none */
	struct domain signer;
	const char *dmarc_reason, *signer_reason; /* why not, in words */
};

/* False with the reason if there is no field that can be trusted. */
bool intake_sender_find(struct arena *arena, const struct message *message,
			const struct intake_trust *trust,
			struct intake_sender *sender, struct why *why);

#endif
