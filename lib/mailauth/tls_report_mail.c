#include "mailauth/tls_report_mail.h"

#include "base/ascii.h"
#include "mailauth/cfws.h"
#include "mailauth/message.h"

/* RFC 2045 section 5.1 */
static bool
is_token(char c)
{
	return ascii_is_graph(c) && !text_has(TEXT("()<>@,;:\\\"/[]?="), c);
}

static bool
take_word(struct scan *in, struct text *word)
{
	if (!cfws_skip(in))
		return false;
	*word = scan_while(in, is_token);
	return word->len > 0 && cfws_skip(in);
}

/* A quoted value that needs its quotes is none that is looked for. */
static bool
take_value(struct scan *in, struct text *value)
{
	bool escaped, quoted;
	const char *begin;

	if (!cfws_skip(in))
		return false;
	quoted = scan_peek(in) == '"';
	if (!quoted)
		return take_word(in, value);
	begin = in->at + 1;
	if (!cfws_take_quoted(in, NULL, &escaped))
		return false;
	*value = text_of(begin, (size_t)(in->at - begin) - 1);
	return cfws_skip(in);
}

/* True when the parameters name the type of report, once. */
static bool
parameters_say_so(struct scan *in)
{
	struct text name, value;
	unsigned times = 0;
	bool is = false;

	while (scan_char(in, ';')) {
		if (!cfws_skip(in))
			return false;
		if (scan_at_end(in))
			break;
		if (!take_word(in, &name) || !scan_char(in, '=') ||
		    !take_value(in, &value))
			return false;
		if (!text_equal_nocase(name, TEXT("report-type")))
			continue;
		times++;
		is = text_equal_nocase(value, TEXT("tlsrpt"));
	}
	return scan_at_end(in) && times == 1 && is;
}

bool
tls_report_mail_type_is(struct text value)
{
	struct text type, subtype;
	struct scan in;

	scan_init(&in, value);
	return cfws_is_clean(value, NULL) && take_word(&in, &type) &&
	       scan_char(&in, '/') && take_word(&in, &subtype) &&
	       text_equal_nocase(type, TEXT("multipart")) &&
	       text_equal_nocase(subtype, TEXT("report")) &&
	       parameters_say_so(&in);
}

bool
tls_report_mail_is(const struct message *message)
{
	const struct header_field *field =
	    message_find(message, "Content-Type");

	return field != NULL &&
	       message_find_next(field, "Content-Type") == NULL &&
	       tls_report_mail_type_is(field->value);
}
