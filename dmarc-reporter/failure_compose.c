#include "dmarc-reporter/failure_compose.h"

#include "config.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/why.h"
#include "reporter/mail_part.h"

#define CRLF "\r\n"

static void
put_header(struct arena *arena, const struct failure_compose *compose,
	   struct text boundary, struct buf *mail)
{
	const struct failure_claim *claim = compose->claim;
	char date[DATE_STRING_BYTES];

	buf_string(mail, "From: ");
	mail_part_name(arena, mail, compose->organization);
	buf_printf(mail, CRLF " <%s>" CRLF "To: <%s>" CRLF, compose->from,
		   compose->to);
	buf_printf(mail,
		   "Subject: DMARC failure report for " TEXT_FMT CRLF
		   " (mail from " TEXT_FMT ")" CRLF,
		   TEXT_ARG(claim->policy_domain.name),
		   TEXT_ARG(claim->failure.source_ip));
	date_write_mail(compose->now_s, date);
	buf_printf(mail,
		   "Date: %s" CRLF "Message-ID: <failure.%lld.%lld@%s>" CRLF
		   "Auto-Submitted: auto-generated" CRLF
		   "MIME-Version: 1.0" CRLF "Content-Type: ",
		   date, (long long)claim->id, (long long)compose->destination,
		   compose->domain);
	buf_text(mail, arf_content_type(arena, boundary));
	buf_string(mail, CRLF CRLF);
}

static struct text
people_text(struct arena *arena, const struct failure_compose *compose,
	    const char *arrival)
{
	const struct failure_claim *claim = compose->claim;
	const struct arf_failure *failure = &claim->failure;
	const char *count =
	    failure->incidents > 1
		? arena_printf(arena,
			       "It stands for %llu messages that failed "
			       "alike; the newest is shown.\n",
			       (unsigned long long)failure->incidents)
		: "";

	return text_from(arena_printf(
	    arena,
	    "This is a DMARC failure report (RFC 9991) about mail in the name "
	    "of\n" TEXT_FMT ", received from " TEXT_FMT "\non %s.\n%s\n"
	    "The body is not included; of the header fields, those that help "
	    "to find\nout why authentication failed are, with local parts of "
	    "addresses replaced\nby tokens (RFC 6590).\n\n"
	    "The domain asks for such reports with ruf in its DMARC record; "
	    "without that\nnone is sent.\n\n"
	    "Questions about this report: %s\n",
	    TEXT_ARG(claim->from_domain), TEXT_ARG(failure->source_ip), arrival,
	    count, compose->contact));
}

/* RFC 6591 section 3.2.5: the record stands in a quoted string. */
static struct text
spf_dns(struct arena *arena, const struct failure_claim *claim)
{
	struct buf to;
	size_t i;

	if (claim->spf_record.len == 0)
		return TEXT("");
	buf_init(&to, arena, 2 * claim->spf_record.len + 300);
	buf_printf(&to, "txt : " TEXT_FMT " : \"",
		   TEXT_ARG(text_first(claim->spf_domain, 253)));
	for (i = 0; i < claim->spf_record.len; i++) {
		char c = claim->spf_record.at[i];

		if (c == '"' || c == '\\')
			buf_char(&to, '\\');
		buf_char(&to, c);
	}
	buf_char(&to, '"');
	return buf_view(&to);
}

bool
failure_compose_mail(struct arena *arena, const struct failure_compose *compose,
		     struct buf *mail, struct why *why)
{
	const struct failure_claim *claim = compose->claim;
	struct arf_failure failure = claim->failure;
	char arrival[DATE_STRING_BYTES];
	struct text boundary;

	date_write_mail(claim->failure_s, arrival);
	failure.user_agent = TEXT("signet/" PACKAGE_VERSION);
	failure.reporting_mta = text_from(
	    arena_printf(arena, "dns; " TEXT_FMT, TEXT_ARG(claim->host)));
	failure.arrival_date = text_from(arrival);
	failure.spf_dns = spf_dns(arena, claim);
	failure.text = people_text(arena, compose, arrival);
	/* redaction leaves no line that begins with "--" */
	boundary = text_from(arena_printf(arena, "=_failure.%lld.%lld",
					  (long long)claim->id,
					  (long long)claim->failure_s));
	put_header(arena, compose, boundary, mail);
	arf_write(&failure, boundary, mail);
	return buf_ok(mail) ||
	       why_set(why, "the mail is above %zu bytes", mail->ceiling);
}
