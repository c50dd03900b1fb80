#include "reporter/mail_part.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"

#define BASE64_LINE 76
#define CRLF "\r\n"

/* Control bytes become spaces. */
void
mail_part_name(struct arena *arena, struct buf *mail, const char *name)
{
	struct text text = text_from(name);
	bool plain = true;
	size_t i;

	for (i = 0; i < text.len; i++)
		plain = plain && (unsigned char)text.at[i] < 0x80;
	if (!plain) {
		buf_printf(
		    mail, "=?utf-8?B?" TEXT_FMT "?=",
		    TEXT_ARG(base64_encode(arena, text_first(text, 42))));
		return;
	}
	buf_char(mail, '"');
	for (i = 0; i < text.len && i < 120; i++) {
		if (text.at[i] == '"' || text.at[i] == '\\')
			buf_char(mail, '\\');
		buf_char(mail, text.at[i] < ' ' || text.at[i] == 0x7f
				   ? ' '
				   : text.at[i]);
	}
	buf_char(mail, '"');
}

void
mail_part_subject(struct buf *mail, struct text policy_domain,
		  struct text submitter, struct text report_id)
{
	buf_string(mail, "Subject: Report Domain: ");
	buf_text(mail, policy_domain);
	buf_string(mail, CRLF " Submitter: ");
	buf_text(mail, submitter);
	buf_string(mail, CRLF " Report-ID: <");
	buf_text(mail, report_id);
	buf_string(mail, ">" CRLF);
}

void
mail_part_file(struct arena *arena, struct buf *mail, const char *boundary,
	       const char *media_type, const char *file_name, struct text file)
{
	struct text encoded = base64_encode(arena, file);

	buf_printf(mail,
		   "--%s" CRLF "Content-Type: %s;" CRLF " name=\"%s\"" CRLF
		   "Content-Transfer-Encoding: base64" CRLF
		   "Content-Disposition: attachment;" CRLF
		   " filename=\"%s\"" CRLF CRLF,
		   boundary, media_type, file_name, file_name);
	for (; encoded.len > 0; encoded = text_skip(encoded, BASE64_LINE)) {
		buf_text(mail, text_first(encoded, BASE64_LINE));
		buf_string(mail, CRLF);
	}
	buf_printf(mail, "--%s--" CRLF, boundary);
}
