/* webpki.h - whether a chain of certificates is trusted (RFC 5280)
 *
 * One of the files that include OpenSSL: X509 verification alone.  The host's
 * name is base/certificate.h's part.
 */
#ifndef IO_WEBPKI_H
#define IO_WEBPKI_H

#include <stddef.h>
#include <stdint.h>

#include "base/certificate.h"

struct why;

enum webpki_verdict {
	WEBPKI_NOT_EVALUATED = 0,
	WEBPKI_TRUSTED,
	WEBPKI_EXPIRED,	    /* or not valid yet */
	WEBPKI_SELF_SIGNED, /* it is its own issuer, which nobody trusts */
	WEBPKI_UNKNOWN_ISSUER,
	WEBPKI_INVALID /* anything else */
};

struct webpki; /* trusted authorities */

/* `ca_file` NULL: those of the system.  NULL with a reason. */
struct webpki *webpki_open(const char *ca_file, struct why *why);
void webpki_close(struct webpki *webpki);

/* The server's own certificate comes first.  `why` tells what is wrong. */
enum webpki_verdict webpki_check(struct webpki *webpki,
				 const struct certificate *chain, size_t count,
				 int64_t now_s, struct why *why);

#endif
