#include "dmarc-reporter/compose.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/why.h"
#include "reporter/mail_part.h"

#define CRLF "\r\n"

static void
put_header(struct arena *arena, const struct compose *compose,
	   const char *boundary, struct buf *mail)
{
	const struct report *report = compose->report;
	char date[DATE_STRING_BYTES];

	buf_string(mail, "From: ");
	mail_part_name(arena, mail, compose->organization);
	buf_printf(mail, CRLF " <%s>" CRLF "To: <%s>" CRLF, compose->from,
		   compose->to);
	mail_part_subject(mail, report->policy_domain.name, report->submitter,
			  report->report_id);
	date_write_mail(compose->now_s, date);
	buf_printf(mail, "Date: %s" CRLF, date);
	buf_printf(mail, "Message-ID: <" TEXT_FMT ".%lld@" TEXT_FMT ">" CRLF,
		   TEXT_ARG(report->report_id), (long long)compose->destination,
		   TEXT_ARG(report->submitter));
	buf_printf(
	    mail,
	    "Auto-Submitted: auto-generated" CRLF "MIME-Version: 1.0" CRLF
	    "Content-Type: multipart/mixed;" CRLF " boundary=\"%s\"" CRLF CRLF,
	    boundary);
}

static void
put_people_part(const struct compose *compose, const char *boundary,
		struct buf *mail)
{
	const struct report *report = compose->report;
	char begin[DATE_STRING_BYTES], end[DATE_STRING_BYTES];

	date_write_iso(report->begin * 1000, begin);
	date_write_iso(report->end * 1000, end);
	buf_printf(mail,
		   "--%s" CRLF "Content-Type: text/plain; charset=us-ascii" CRLF
		   "Content-Transfer-Encoding: 7bit" CRLF CRLF,
		   boundary);
	buf_printf(mail,
		   "This is a DMARC aggregate report (RFC %s)." CRLF CRLF
		   "Domain:    " TEXT_FMT CRLF "Submitter: " TEXT_FMT CRLF
		   "Report-ID: " TEXT_FMT CRLF
		   "Period:    %.19sZ to %.19sZ (UTC)" CRLF,
		   report->dialect == DMARC_REPORT_RFC7489 ? "7489" : "9990",
		   TEXT_ARG(report->policy_domain.name),
		   TEXT_ARG(report->submitter), TEXT_ARG(report->report_id),
		   begin, end);
	buf_printf(
	    mail,
	    "Host:      %s" CRLF CRLF
	    "It tells what mail came to us in the name of the domain in" CRLF
	    "this period, from which addresses, and what SPF, DKIM "
	    "and" CRLF
	    "DMARC said of it. The domain asks for such reports with "
	    "rua" CRLF
	    "in its DMARC record; without that none is sent." CRLF CRLF
	    "Questions about this report: %s" CRLF,
	    compose->host, compose->contact);
	if (compose->contact_info != NULL)
		buf_printf(mail, "%s" CRLF, compose->contact_info);
}

bool
compose_mail(struct arena *arena, const struct compose *compose,
	     struct buf *mail, struct why *why)
{
	/* "=_" is in no base64 and in none of our lines */
	const char *boundary = arena_printf(
	    arena, "=_" TEXT_FMT, TEXT_ARG(compose->report->report_id));

	put_header(arena, compose, boundary, mail);
	put_people_part(compose, boundary, mail);
	mail_part_file(arena, mail, boundary, "application/gzip",
		       compose->file_name, compose->gzip);
	return buf_ok(mail) ||
	       why_set(why, "the mail is above %zu bytes", mail->ceiling);
}
