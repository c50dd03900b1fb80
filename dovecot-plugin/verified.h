/* verified.h - whom our own milter found to have sent a message
 *
 * From the Authentication-Results (RFC 8601) that signet-milter wrote: only a
 * "pass" counts.  signet-milter takes out what others wrote in our name, so a
 * field with our id is ours; of several, those nearest the top count, down to
 * the first Received field below one that says something: what an earlier
 * visit of the message left further down is old.
 */
#ifndef DOVECOT_PLUGIN_VERIFIED_H
#define DOVECOT_PLUGIN_VERIFIED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/domain.h"
#include "mailauth/message.h"

struct arena;

#define VERIFIED_DKIM_MOST 16

struct verified {
	bool found;	      /* a field of ours was there */
	struct domain author; /* From's domain, if DMARC passed; else not set,
				 as the next two */
	struct domain mail_from, helo;		/* SPF passed */
	struct domain dkim[VERIFIED_DKIM_MOST]; /* distinct, in order */
	size_t dkim_count;
};

/* `authserv_id` is ours as signet-milter writes it; case and a final dot do
 * not matter.  Whatever cannot be read proves nothing. */
void verified_read(struct arena *arena, const struct message *message,
		   struct text authserv_id, struct verified *verified);

/* All verified domains but `author`, which one of them is aligned with:
 * distinct; DKIM first, then MAIL FROM, then HELO.  `domains` has room for
 * VERIFIED_DOMAINS_MOST. */
#define VERIFIED_DOMAINS_MOST (VERIFIED_DKIM_MOST + 2)
size_t verified_domains(const struct verified *verified,
			struct domain *domains);

#endif
