#include "mailauth/arf.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/scan.h"

#define LINE_NEAR 76
#define WORD_MOST 900

struct text
arf_content_type(struct arena *arena, struct text boundary)
{
	return text_from(
	    arena_printf(arena,
			 "multipart/report; report-type=feedback-report;\r\n"
			 "\tboundary=\"" TEXT_FMT "\"",
			 TEXT_ARG(boundary)));
}

/* Texts come from us, and from others through us: nothing in them may end a
 * line or a field. */
static void
put_clean(struct buf *to, struct text text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		buf_char(to, ascii_is_graph(text.at[i]) ? text.at[i] : '?');
}

/* Left out if it is empty; folded at blanks. */
static void
put_field(struct buf *to, const char *name, struct text value)
{
	size_t line = strlen(name) + 1;
	struct text word;
	struct scan in;

	value = text_trim(value);
	if (value.len == 0)
		return;
	buf_string(to, name);
	buf_char(to, ':');
	scan_init(&in, value);
	while (scan_fws(&in), !scan_at_end(&in)) {
		for (word = text_of(in.at, 0);
		     !scan_at_end(&in) && !ascii_is_fws(*in.at); in.at++)
			word.len++;
		word = text_first(word, WORD_MOST);
		if (line + 1 + word.len > LINE_NEAR && line > 1) {
			buf_string(to, "\r\n");
			line = 0;
		}
		buf_char(to, ' ');
		put_clean(to, word);
		line += 1 + word.len;
	}
	buf_string(to, "\r\n");
}

static void
put_part(struct buf *to, struct text boundary, const char *type)
{
	buf_string(to, "--");
	buf_text(to, boundary);
	buf_printf(to,
		   "\r\nContent-Type: %s\r\n"
		   "Content-Transfer-Encoding: 7bit\r\n\r\n",
		   type);
}

/* LF becomes CRLF. */
static void
put_text(struct buf *to, struct text text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if (text.at[i] == '\n')
			buf_string(to, "\r\n");
		else
			buf_char(to,
				 text.at[i] == ' ' || ascii_is_graph(text.at[i])
				     ? text.at[i]
				     : '?');
}

static const char *
alignment_of(const struct arf_failure *failure)
{
	if (failure->dkim_failed && failure->spf_failed)
		return "dkim, spf";
	if (failure->dkim_failed)
		return "dkim";
	return failure->spf_failed ? "spf" : "none";
}

static void
put_feedback(const struct arf_failure *failure, struct buf *to)
{
	put_field(to, "Feedback-Type", TEXT("auth-failure"));
	put_field(to, "Version", TEXT("1"));
	put_field(to, "User-Agent", failure->user_agent);
	put_field(to, "Auth-Failure", TEXT("dmarc"));
	put_field(to, "Identity-Alignment", text_from(alignment_of(failure)));
	put_field(to, "Authentication-Results",
		  failure->authentication_results);
	put_field(to, "Reporting-MTA", failure->reporting_mta);
	put_field(to, "Original-Mail-From", failure->original_mail_from);
	put_field(to, "Arrival-Date", failure->arrival_date);
	put_field(to, "Source-IP", failure->source_ip);
	put_field(to, "Reported-Domain", failure->reported_domain);
	put_field(to, "Delivery-Result", failure->delivery_result);
	put_field(to, "DKIM-Domain", failure->dkim_domain);
	put_field(to, "DKIM-Identity", failure->dkim_identity);
	put_field(to, "DKIM-Selector", failure->dkim_selector);
	put_field(to, "SPF-DNS", failure->spf_dns);
	if (failure->incidents > 1)
		buf_printf(to, "Incidents: %llu\r\n",
			   (unsigned long long)failure->incidents);
}

void
arf_write(const struct arf_failure *failure, struct text boundary,
	  struct buf *to)
{
	put_part(to, boundary, "text/plain; charset=us-ascii");
	put_text(to, failure->text);
	buf_string(to, "\r\n");
	put_part(to, boundary, "message/feedback-report");
	put_feedback(failure, to);
	buf_string(to, "\r\n");
	put_part(to, boundary, "text/rfc822-headers");
	buf_text(to, failure->header);
	buf_string(to, "\r\n--");
	buf_text(to, boundary);
	buf_string(to, "--\r\n");
}
