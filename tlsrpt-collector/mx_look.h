/* mx_look.h - looks at mail servers where the mail server itself does not
 *
 * Mail to a domain with MTA-STS in mode testing, or with DANE as well, goes
 * whatever MTA-STS has to say of the certificate, and Postfix tells of a
 * success.  So we connect to such a host
 * now and then, as a sender that enforces would (RFC 8461 section 4), and tell
 * what it would have found: a result that counts no session (section 5 of RFC
 * 8460 wants the failures told).  No mail is sent.  A host is looked at once
 * an hour, and no more than [tls_collect] probe_hourly of them.
 *
 * A domain whose MX could not be had is asked about again: if the answer is
 * bogus, that is a failure which no session tells (RFC 8460 section 4.3).
 *
 * One thread; what it has no time for is left out.
 */
#ifndef TLSRPT_COLLECTOR_MX_LOOK_H
#define TLSRPT_COLLECTOR_MX_LOOK_H

#include <stdint.h>

#include "base/text.h"

struct collect;
struct mx_look;
struct tls_answer;
struct tls_join_look;

/* NULL if the settings do not want it, or the system does not let it (which is
 * logged). */
struct mx_look *mx_look_open(struct collect *collect);
/* NULL is allowed. */
void mx_look_close(struct mx_look *look);

/* Both copy what they are given, and never wait. */
void mx_look_at(struct mx_look *look, const struct tls_answer *answer,
		const struct tls_join_look *host);
void mx_look_up(struct mx_look *look, struct text domain, int64_t at_us);

#endif
