#include "sql/event_reduce.h"

#include "base/buf.h"
#include "base/scan.h"

/* JSON (RFC 8259) is skimmed here, not checked: the members of the outermost
 * object are found, their values stay as they are. */

static bool
is_json_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_plain(char c)
{
	return c != '"' && c != '\\';
}

/* With the quotes; false: no string here. */
static bool
skim_string(struct scan *in, struct text *text)
{
	const char *start = in->at;

	if (!scan_char(in, '"'))
		return false;
	for (;;) {
		scan_while(in, is_plain);
		if (scan_char(in, '"'))
			break;
		if (!scan_char(in, '\\') || scan_at_end(in))
			return false;
		in->at++;
	}
	*text = text_of(start, (size_t)(in->at - start));
	return true;
}

static bool
is_outside_string(char c)
{
	return c != '"' && c != '{' && c != '}' && c != '[' && c != ']' &&
	       c != ',';
}

/* Up to the ',' or '}' that follows the value. */
static bool
skim_value(struct scan *in, struct text *value)
{
	const char *start = in->at;
	struct text string;
	size_t depth = 0;
	char c;

	for (;;) {
		scan_while(in, is_outside_string);
		if (scan_at_end(in))
			return false;
		c = scan_peek(in);
		if (c == '"') {
			if (!skim_string(in, &string))
				return false;
			continue;
		}
		if (depth == 0 && (c == ',' || c == '}'))
			break;
		if (depth == 0 && c == ']')
			return false;
		if (c == '{' || c == '[')
			depth++;
		else if (c != ',')
			depth--;
		in->at++;
	}
	*value = text_trim(text_of(start, (size_t)(in->at - start)));
	return value->len > 0;
}

static bool
skim_member(struct scan *in, struct text *name, struct text *value)
{
	scan_while(in, is_json_blank);
	if (!skim_string(in, name))
		return false;
	scan_while(in, is_json_blank);
	return scan_char(in, ':') && skim_value(in, value);
}

static bool
is_needed(struct text quoted)
{
	static const char *const needed[] = {
	    "\"v\"",	       "\"type\"",	"\"id\"",
	    "\"at\"",	       "\"host\"",	"\"client_ip\"",
	    "\"mail_from\"",   "\"rcpt\"",	"\"mail_from_domain\"",
	    "\"from_domain\"", "\"spf\"",	"\"dkim\"",
	    "\"dmarc\"",       "\"evaluation\""};
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (text_equal(quoted, text_from(needed[i])))
			return true;
	return false;
}

static void
put_member(struct buf *to, struct text name, struct text value)
{
	buf_char(to, buf_view(to).len == 0 ? '{' : ',');
	buf_text(to, name);
	buf_char(to, ':');
	buf_text(to, value);
}

enum reduce_result
event_reduce(struct text line, struct buf *to)
{
	bool is_message = false, has_evaluation = false, is_reduced = false;
	struct text name, value;
	struct scan in;

	buf_clear(to);
	scan_init(&in, text_trim(line));
	if (!scan_char(&in, '{'))
		return REDUCE_UNREADABLE;
	do {
		if (!skim_member(&in, &name, &value))
			return REDUCE_UNREADABLE;
		if (text_equal(name, TEXT("\"type\"")))
			is_message = text_equal(value, TEXT("\"message\""));
		if (text_equal(name, TEXT("\"evaluation\"")))
			has_evaluation = !text_equal(value, TEXT("null"));
		if (text_equal(name, TEXT("\"ledger\"")))
			is_reduced = true;
		if (is_needed(name))
			put_member(to, name, value);
	} while (scan_char(&in, ','));
	if (!scan_char(&in, '}') || !scan_at_end(&in))
		return REDUCE_UNREADABLE;
	if (is_reduced || !is_message)
		return REDUCE_AS_IS;
	if (!has_evaluation)
		return REDUCE_EMPTY;
	put_member(to, TEXT("\"ledger\""), TEXT("false"));
	buf_char(to, '}');
	return buf_ok(to) ? REDUCE_SMALLER : REDUCE_AS_IS;
}
