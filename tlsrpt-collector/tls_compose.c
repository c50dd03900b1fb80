#include "tlsrpt-collector/tls_compose.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/why.h"
#include "reporter/mail_part.h"

#define CRLF "\r\n"

static void
put_header(struct arena *arena, const struct tls_compose *compose,
	   const char *boundary, struct buf *mail)
{
	char date[DATE_STRING_BYTES];

	buf_string(mail, "From: ");
	mail_part_name(arena, mail, compose->organization);
	buf_printf(mail, CRLF " <%s>" CRLF "To: <%s>" CRLF, compose->from,
		   compose->to);
	mail_part_subject(mail, compose->policy_domain, compose->submitter,
			  compose->report_id);
	buf_printf(
	    mail,
	    "TLS-Report-Domain: " TEXT_FMT CRLF
	    "TLS-Report-Submitter: " TEXT_FMT CRLF "TLS-Required: No" CRLF,
	    TEXT_ARG(compose->policy_domain), TEXT_ARG(compose->submitter));
	date_write_mail(compose->now_s, date);
	buf_printf(mail, "Date: %s" CRLF, date);
	buf_printf(mail, "Message-ID: <" TEXT_FMT ".%lld@" TEXT_FMT ">" CRLF,
		   TEXT_ARG(compose->report_id),
		   (long long)compose->destination,
		   TEXT_ARG(compose->submitter));
	buf_printf(mail,
		   "Auto-Submitted: auto-generated" CRLF
		   "MIME-Version: 1.0" CRLF
		   "Content-Type: multipart/report; report-type=tlsrpt;" CRLF
		   " boundary=\"%s\"" CRLF CRLF,
		   boundary);
}

static void
put_people_part(const struct tls_compose *compose, const char *boundary,
		struct buf *mail)
{
	char begin[DATE_STRING_BYTES], end[DATE_STRING_BYTES];

	date_write_iso(compose->begin * 1000, begin);
	date_write_iso(compose->end * 1000, end);
	buf_printf(mail,
		   "--%s" CRLF "Content-Type: text/plain; charset=us-ascii" CRLF
		   "Content-Transfer-Encoding: 7bit" CRLF CRLF
		   "This is an aggregate TLS report (RFC 8460)." CRLF CRLF
		   "Domain:    " TEXT_FMT CRLF "Submitter: " TEXT_FMT CRLF
		   "Report-ID: " TEXT_FMT CRLF
		   "Period:    %.19sZ to %.19sZ (UTC)" CRLF,
		   boundary, TEXT_ARG(compose->policy_domain),
		   TEXT_ARG(compose->submitter), TEXT_ARG(compose->report_id),
		   begin, end);
	buf_printf(
	    mail,
	    "Host:      %s" CRLF CRLF
	    "It tells how our TLS sessions with the domain's mail servers" CRLF
	    "went in this period, and what failed in them. The domain "
	    "asks" CRLF
	    "for such reports with a TXT record at _smtp._tls." TEXT_FMT
	    ";" CRLF "without that none is sent." CRLF CRLF
	    "Questions about this report: %s" CRLF,
	    compose->host, TEXT_ARG(compose->policy_domain), compose->contact);
	if (compose->contact_info != NULL)
		buf_printf(mail, "%s" CRLF, compose->contact_info);
}

bool
tls_compose_mail(struct arena *arena, const struct tls_compose *compose,
		 struct buf *mail, struct why *why)
{
	/* "=_" is in no base64 and in none of our lines */
	const char *boundary =
	    arena_printf(arena, "=_" TEXT_FMT, TEXT_ARG(compose->report_id));

	put_header(arena, compose, boundary, mail);
	put_people_part(compose, boundary, mail);
	mail_part_file(arena, mail, boundary, "application/tlsrpt+gzip",
		       compose->file_name, compose->gzip);
	return buf_ok(mail) ||
	       why_set(why, "the mail is above %zu bytes", mail->ceiling);
}
