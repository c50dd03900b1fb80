/* received.h - the host that a Received field says it got the message from
 *
 * RFC 5321 section 4.4, as Postfix, Sendmail and Exim write it:
 * "from HELO (NAME [ADDRESS]) by ...", "from NAME ([ADDRESS] helo=HELO) by
 * ...".  Only the field of a host we trust may be believed; what its client
 * could choose (HELO, ident, reverse DNS) is never taken for the address.
 */
#ifndef MAILAUTH_RECEIVED_H
#define MAILAUTH_RECEIVED_H

#include <stdbool.h>

#include "base/ipaddr.h"
#include "base/text.h"

struct received_from {
	struct text helo;	  /* as the client said it */
	struct ipaddr address;
};

/* Borrows from `value`.  False if the field names no client address; `helo`
 * tells then whether it names a client at all. */
bool received_parse(struct text value, struct received_from *from);

#endif
