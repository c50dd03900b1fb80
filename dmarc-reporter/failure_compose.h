/* failure_compose.h - the mail that carries a failure report (RFC 9991)
 *
 * multipart/report: a text for people, the feedback report, and the header of
 * the message as far as it may be told.  Nothing of it comes from elsewhere
 * than the redacted event (milter/failure_facts.h).
 */
#ifndef DMARC_REPORTER_FAILURE_COMPOSE_H
#define DMARC_REPORTER_FAILURE_COMPOSE_H

#include "dmarc-reporter/failure_claim.h"

struct buf;

struct failure_compose {
	const struct failure_claim *claim;
	const char *organization;  /* display name; any text */
	const char *from, *domain; /* LOCAL@DOMAIN, and its domain */
	const char *to;
	const char *contact;
	int64_t destination; /* number, in the Message-ID */
	int64_t now_s;
};

/* With CRLF line ends. */
bool failure_compose_mail(struct arena *arena,
			  const struct failure_compose *compose,
			  struct buf *mail, struct why *why);

#endif
