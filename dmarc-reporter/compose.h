/* compose.h - the mail that carries a report (RFC 9990 section 3.5.2)
 *
 * multipart/mixed: a text for people, then the file as application/gzip.  A
 * repeat differs in its date alone.
 */
#ifndef DMARC_REPORTER_COMPOSE_H
#define DMARC_REPORTER_COMPOSE_H

#include "dmarc-reporter/report.h"

struct arena;
struct buf;
struct why;

struct compose {
	const struct report *report;
	const char *organization; /* display name; any text */
	const char *from, *to;	  /* LOCAL@DOMAIN */
	const char *contact;
	const char *contact_info; /* printable ASCII; may be NULL */
	const char *host;	  /* that sends */
	const char *file_name;
	struct text gzip;
	int64_t destination; /* number, in the Message-ID */
	int64_t now_s;
};

/* With CRLF line ends. */
bool compose_mail(struct arena *arena, const struct compose *compose,
		  struct buf *mail, struct why *why);

#endif
