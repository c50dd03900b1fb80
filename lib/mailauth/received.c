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

/* What a comment says. */
struct inside {
	struct ipaddr first, last;
	bool begins; /* with an address: "(" and at once "[" */
	bool found;
	bool named;	  /* has "helo=" or "ident=" */
	struct text helo; /* after "helo=" */
};

/* Exim puts what the client gave behind "helo=" and "ident="; it may look
 * like an address itself. */
static bool
take_named(struct scan *in, struct inside *inside)
{
	if (scan_string_nocase(in, "helo="))
		inside->helo = scan_while(in, is_word);
	else if (scan_string_nocase(in, "ident="))
		scan_while(in, is_word);
	else
		return false;
	inside->named = true;
	return true;
}

static void
take_bracket(struct scan *in, struct inside *inside)
{
	struct ipaddr address;

	if (!take_address(in, &address))
		return;
	if (!inside->found)
		inside->first = address;
	inside->last = address;
	inside->found = true;
}

static void
take_comment(struct scan *in, struct inside *inside)
{
	unsigned depth = 1;

	inside->begins = scan_peek(in) == '[';
	while (!scan_at_end(in) && depth > 0) {
		if (scan_char(in, '(')) {
			depth++;
		} else if (scan_char(in, ')')) {
			depth--;
		} else if (scan_peek(in) == '[') {
			take_bracket(in, inside);
		} else if (!take_named(in, inside)) {
			in->at++;
		}
	}
}

/* "NAME ([ADDRESS] helo=HELO)" and "[ADDRESS] (helo=HELO)" are Exim's, where
 * the address stands before anything that the client chose; with Postfix and
 * Sendmail it stands behind that. */
static bool
choose_address(struct inside *inside, struct received_from *from)
{
	struct scan word;

	if (inside->found) {
		from->address = inside->begins && inside->named ? inside->first
								: inside->last;
	} else {
		scan_init(&word, from->helo);
		if (!inside->named || !take_address(&word, &from->address))
			return false;
	}
	if (inside->helo.len > 0)
		from->helo = inside->helo;
	return true;
}

bool
received_parse(struct text value, struct received_from *from)
{
	struct inside inside = {.found = false};
	struct scan in;

	*from = (struct received_from){.helo = text_of(NULL, 0)};
	scan_init(&in, value);
	scan_fws(&in);
	if (!scan_string_nocase(&in, "from") || !ascii_is_fws(scan_peek(&in)))
		return false;
	scan_fws(&in);
	from->helo = scan_while(&in, is_word);
	scan_fws(&in);
	if (!scan_char(&in, '('))
		return false;
	/* "NAME (HELO WORD) (ADDRESS)" is qmail's: the word is the client's */
	if (text_starts(scan_rest(&in), TEXT("HELO ")))
		return false;
	take_comment(&in, &inside);
	return choose_address(&inside, from);
}
