#include "mailauth/received.h"

#include "base/ascii.h"
#include "base/scan.h"

static bool
is_word(char c)
{
	return ascii_is_graph(c) && c != '(' && c != ')' && c != ';';
}

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]" */
static bool
take_address(struct scan *in, struct ipaddr *address)
{
	struct text inside;

	if (!scan_char(in, '['))
		return false;
	inside = scan_until(in, ']');
	if (text_starts_nocase(inside, TEXT("IPv6:")))
		inside = text_skip(inside, 5);
	return ipaddr_parse(inside, address);
}

/* Inside the comment after the HELO name: the last bracketed address, since
 * the client chose what stands before it. */
static bool
take_comment(struct scan *in, struct ipaddr *address)
{
	bool found = false;
	unsigned depth = 1;

	while (!scan_at_end(in) && depth > 0) {
		if (scan_peek(in) == '[') {
			if (take_address(in, address))
				found = true;
			continue;
		}
		if (scan_char(in, '(')) {
			depth++;
			continue;
		}
		if (scan_char(in, ')')) {
			depth--;
			continue;
		}
		in->at++;
	}
	return found;
}

bool
received_parse(struct text value, struct received_from *from)
{
	struct scan in;

	scan_init(&in, value);
	scan_fws(&in);
	if (!scan_string_nocase(&in, "from") || !ascii_is_fws(scan_peek(&in)))
		return false;
	scan_fws(&in);
	from->helo = scan_while(&in, is_word);
	scan_fws(&in);
	if (scan_char(&in, '('))
		return take_comment(&in, &from->address);
	return false;
}
