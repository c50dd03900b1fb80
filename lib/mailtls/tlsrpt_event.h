/* tlsrpt_event.h - the datagram in which an MTA tells of one TLS session
 *
 * libtlsrpt sends one JSON object for each session: "d" the recipient domain,
 * "pr" the TLSRPT record, "policies" each with a type (1 TLSA, 2 STS, 9 none),
 * domain, strings, MX patterns, failure details and a final result.  Both
 * forms are taken: without a version (0.5.0rc1) and with "dpv" (0.5.0 on).
 *
 * Members that nobody knows are skipped, bytes that are no UTF-8 are taken as
 * ISO-8859-1, control characters become "?".  Bounds:
 * LIMIT_TLSRPT_DATAGRAM_BYTES, LIMIT_TLSRPT_EVENT_POLICIES,
 * LIMIT_TLSRPT_EVENT_VALUES, and LIMIT_REPORT_VALUE_BYTES for a value, which is
 * cut.
 */
#ifndef MAILTLS_TLSRPT_EVENT_H
#define MAILTLS_TLSRPT_EVENT_H

#include <stdbool.h>

#include "base/text.h"
#include "mailtls/tlsrpt_report_read.h"

struct arena;
struct why;

struct tlsrpt_event {
	struct text domain;		/* lower-case A-labels */
	struct text record;		/* as the MTA saw it; may be empty */
	struct tlsrpt_policy *policies; /* each with one session, either
					   successful or failed */
};

/* False with a reason, which is safe for a log, if it is no such datagram or
 * tells of no session. */
bool tlsrpt_event_parse(struct arena *arena, struct text datagram,
			struct tlsrpt_event *event, struct why *why);

#endif
