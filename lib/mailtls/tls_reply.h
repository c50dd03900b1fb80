/* tls_reply.h - a TLS policy in the words of who asked
 *
 * One socketmap name for each dialect, since the name comes with every
 * question and a word too many makes all mail of a domain wait:
 *
 *	policy		Postfix up to 3.9: level, match, servername
 *	policy-tlsrpt	Postfix 3.10 and later: and what TLS reports need
 *			(policy_type, policy_domain, policy_string,
 *			mx_host_pattern, policy_failure)
 *	requiretls	for a transport that carries mail which requires TLS
 *			(RFC 8689): secure or dane-only, else an error; never
 *			"not found", which would leave it to main.cf
 *	sts		Sendmail's FEATURE(`sts'): nothing follows servername
 *
 * Rules of Postfix that are kept here: match only at secure (elsewhere it is
 * an error), policy_* only behind policy_type=sts, policy_ttl never,
 * connection_reuse=no with policy_failure (else tlsproxy passes over it),
 * servername=hostname with secure (else there is no SNI), a pattern "*.d" as
 * match ".d", policy_string in braces.
 */
#ifndef MAILTLS_TLS_REPLY_H
#define MAILTLS_TLS_REPLY_H

#include <stdbool.h>

#include "base/text.h"

struct buf;
struct tls_policy;

enum tls_dialect {
	TLS_DIALECT_UNKNOWN = 0,
	TLS_DIALECT_POLICY,
	TLS_DIALECT_POLICY_TLSRPT,
	TLS_DIALECT_REQUIRETLS,
	TLS_DIALECT_STS
};

/* by map name, which is exact */
enum tls_dialect tls_dialect_of(struct text map);
/* "policy" ...; NULL for UNKNOWN */
const char *tls_dialect_name(enum tls_dialect dialect);
/* all dialects in order, for lists */
#define TLS_DIALECTS 4
enum tls_dialect tls_dialect_at(unsigned index);

/* Writes the payload of the netstring: "OK secure ...", "NOTFOUND ",
 * "TEMP why" (a look at it later may help), "PERM why" (it will not: the mail
 * waits all the same).  `to` has a ceiling of at least
 * LIMIT_SOCKETMAP_REPLY_BYTES; what would be longer is written without
 * policy_string and, if that is still too long, is TEMP.  UNKNOWN is answered
 * PERM. */
void tls_reply_write(struct buf *to, const struct tls_policy *policy,
		     enum tls_dialect dialect);

#endif
