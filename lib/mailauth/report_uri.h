/* report_uri.h - where a domain wants its reports (RFC 9990 section 3.5)
 *
 * mailto is read strictly (RFC 6068): one address with an ASCII dot-atom as
 * local part, percent-encoding decoded, and nothing else.  Refused: header
 * fields ("?subject="), several addresses, control bytes, quoted local parts,
 * local parts beyond ASCII, address literals, domains of one label.
 */
#ifndef MAILAUTH_REPORT_URI_H
#define MAILAUTH_REPORT_URI_H

#include "base/domain.h"
#include "base/text.h"

struct arena;

enum report_uri_kind {
	REPORT_URI_BROKEN = 1, /* `reason` says how */
	REPORT_URI_MAILTO,
	REPORT_URI_HTTPS,
	REPORT_URI_UNKNOWN /* another scheme */
};

struct report_uri {
	enum report_uri_kind kind;
	struct text uri;     /* without "!size" */
	struct text address; /* mailto: LOCAL@DOMAIN, the domain in lower case
				and A-labels */
	struct domain host;  /* mailto: domain of the address; https: host */
	const char *reason;  /* BROKEN: a few words */
};

/* "!size" at the end is taken off and has no effect.  Everything lies in the
 * arena. */
void report_uri_parse(struct arena *arena, struct text text,
		      struct report_uri *uri);

#endif
