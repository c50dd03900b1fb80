/* tls_compose.h - the mail that carries a TLS report (RFC 8460 section 5.3)
 *
 * multipart/report; report-type=tlsrpt: a text for people, then the file as
 * application/tlsrpt+gzip.  "TLS-Required: No" (RFC 8689) lets it arrive where
 * TLS is what does not work.  A repeat differs in its date alone.
 */
#ifndef TLSRPT_COLLECTOR_TLS_COMPOSE_H
#define TLSRPT_COLLECTOR_TLS_COMPOSE_H

#include <stdint.h>

#include "base/text.h"

struct arena;
struct buf;
struct why;

struct tls_compose {
	struct text policy_domain, submitter, report_id;
	int64_t begin, end;	  /* seconds; the first one behind the day */
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
bool tls_compose_mail(struct arena *arena, const struct tls_compose *compose,
		      struct buf *mail, struct why *why);

#endif
