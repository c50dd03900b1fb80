#include "mailauth/cfws.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/why.h"

bool
cfws_is_clean(struct text text, struct why *why)
{
	size_t i;

	for (i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (c == '\r' && text.len - i > 2 && text.at[i + 1] == '\n' &&
		    ascii_is_wsp(text.at[i + 2]))
			i++;
		else if ((unsigned char)c < ' ' ? c != '\t' : c == 0x7f)
			return why_set(why, "byte 0x%02x in a header field",
				       (unsigned char)c);
	}
	return true;
}

bool
cfws_skip_comment(struct scan *in)
{
	size_t depth = 0;

	while (!scan_at_end(in)) {
		char c = *in->at++;

		if (c == '\\' && !scan_at_end(in))
			in->at++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			return true;
	}
	return false;
}

bool
cfws_skip(struct scan *in)
{
	for (;;) {
		scan_fws(in);
		if (scan_peek(in) != '(')
			return true;
		if (!cfws_skip_comment(in))
			return false;
	}
}

bool
cfws_take_quoted(struct scan *in, struct buf *to, bool *escaped)
{
	scan_char(in, '"');
	while (!scan_at_end(in)) {
		char c = *in->at++;

		if (c == '"')
			return true;
		if (c == '\\' && !scan_at_end(in)) {
			c = *in->at++;
			*escaped = true;
		}
		if (to != NULL && c != '\r' && c != '\n')
			buf_char(to, c);
	}
	return false;
}
