#include "mailauth/spf_macro.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "base/why.h"

struct macro {
	char letter;
	size_t parts; /* 0: all */
	bool reverse;
	struct text delimiters;
};

static bool
is_delimiter(char c)
{
	return c != '\0' && strchr(".-+,/_=", c) != NULL;
}

static bool
is_letter_in(char c, enum spf_macro_place place)
{
	const char *letters = "slodipvhcrt";

	if (place == SPF_MACRO_IN_DOMAIN)
		letters = "slodipvh";
	return c != '\0' && strchr(letters, ascii_lower(c)) != NULL;
}

/* Any count above the longest value means "all": no overflow. */
static bool
take_parts(struct scan *in, size_t *parts)
{
	struct text digits = scan_while(in, ascii_is_digit);
	size_t sum = 0, i;

	for (i = 0; i < digits.len; i++)
		if (sum <= LIMIT_SPF_RECORD_BYTES)
			sum = sum * 10 + (size_t)(digits.at[i] - '0');
	*parts = sum;
	return digits.len == 0 || sum > 0;
}

/* Reads what follows "%{". */
static bool
take_macro(struct scan *in, enum spf_macro_place place, struct macro *macro,
	   struct why *why)
{
	macro->letter = scan_peek(in);
	if (!is_letter_in(macro->letter, place))
		return why_set(why, "no such macro letter here");
	scan_char(in, macro->letter);
	if (!take_parts(in, &macro->parts))
		return why_set(why, "a macro that keeps 0 parts");
	macro->reverse = scan_char(in, 'r') || scan_char(in, 'R');
	macro->delimiters = scan_while(in, is_delimiter);
	if (!scan_char(in, '}'))
		return why_set(why, "macro without its '}'");
	return true;
}

/* "%%", "%_", "%-"; '\0' if it is none of them. */
static char
take_escape(struct scan *in)
{
	char c = scan_peek(in);

	if (c != '%' && c != '_' && c != '-')
		return '\0';
	scan_char(in, c);
	return c;
}

static bool
take_percent(struct scan *in, enum spf_macro_place place, struct why *why)
{
	struct macro macro;

	if (scan_char(in, '{'))
		return take_macro(in, place, &macro, why);
	if (take_escape(in) != '\0')
		return true;
	return why_set(why, "'%%' that begins no macro");
}

/* `tail` gets the literal bytes behind the last macro. */
static bool
check(struct text string, enum spf_macro_place place, struct text *tail,
      struct why *why)
{
	struct scan in;
	char c;

	scan_init(&in, string);
	*tail = string;
	while (!scan_at_end(&in)) {
		c = scan_peek(&in);
		scan_char(&in, c);
		if (c == '%') {
			if (!take_percent(&in, place, why))
				return false;
			*tail = scan_rest(&in);
		} else if (c == ' ' && place == SPF_MACRO_IN_EXPLANATION) {
			continue;
		} else if (!ascii_is_graph(c)) {
			return why_set(why, "a byte that is not visible "
					    "ASCII");
		}
	}
	return true;
}

bool
spf_macro_check(struct text string, enum spf_macro_place place, struct why *why)
{
	struct text tail;

	return check(string, place, &tail, why);
}

/* Letters, digits, hyphens inside; not digits alone. */
static bool
is_toplabel(struct text label)
{
	bool only_digits = true;
	size_t i;

	if (label.len == 0 || label.at[0] == '-' ||
	    label.at[label.len - 1] == '-')
		return false;
	for (i = 0; i < label.len; i++) {
		if (!ascii_is_alnum(label.at[i]) && label.at[i] != '-')
			return false;
		if (!ascii_is_digit(label.at[i]))
			only_digits = false;
	}
	return !only_digits;
}

bool
spf_macro_check_domain_spec(struct text spec, struct why *why)
{
	struct text tail;
	size_t dot;

	if (spec.len == 0)
		return why_set(why, "empty domain");
	if (!check(spec, SPF_MACRO_IN_DOMAIN, &tail, why))
		return false;
	if (tail.len == 0)
		return true;
	if (tail.at[tail.len - 1] == '.')
		tail.len--;
	dot = text_find_last(tail, '.');
	if (dot == tail.len || !is_toplabel(text_skip(tail, dot + 1)))
		return why_set(why, "domain that ends in no top-level name");
	return true;
}

bool
spf_macro_uses(struct text string, char letter)
{
	size_t i;

	for (i = 0; i + 2 < string.len; i++) {
		if (string.at[i] != '%')
			continue;
		i++;
		if (string.at[i] == '{' &&
		    ascii_lower(string.at[i + 1]) == letter)
			return true;
	}
	return false;
}

static struct text
value_of(const struct spf_macro_values *values, char letter)
{
	switch (ascii_lower(letter)) {
	case 's':
		return values->sender;
	case 'l':
		return values->local_part;
	case 'o':
		return values->sender_domain;
	case 'd':
		return values->domain;
	case 'i':
		return values->address;
	case 'p':
		return values->validated_name;
	case 'v':
		return values->version;
	case 'h':
		return values->helo;
	case 'c':
		return values->readable_address;
	case 'r':
		return values->receiver;
	case 't':
		return values->time;
	default:
		return text_of(NULL, 0);
	}
}

static bool
is_unreserved(char c)
{
	return ascii_is_alnum(c) || (c != '\0' && strchr("-._~", c) != NULL);
}

/* Upper-case letters want the value as RFC 3986 has it in a URI. */
static void
put(struct buf *to, struct text part, bool escape)
{
	size_t i;

	if (!escape) {
		buf_text(to, part);
		return;
	}
	for (i = 0; i < part.len && buf_ok(to); i++)
		if (is_unreserved(part.at[i]))
			buf_char(to, part.at[i]);
		else
			buf_printf(to, "%%%02X", (unsigned char)part.at[i]);
}

static bool
separates(const struct macro *macro, char c)
{
	if (macro->delimiters.len == 0)
		return c == '.';
	return text_has(macro->delimiters, c);
}

/* The start of the last part of `value`. */
static size_t
last_part(const struct macro *macro, struct text value)
{
	size_t at = value.len;

	while (at > 0 && !separates(macro, value.at[at - 1]))
		at--;
	return at;
}

/* The last `parts` parts in their order, with dots between. */
static void
put_right_parts(const struct macro *macro, struct text value, bool escape,
		struct buf *to)
{
	size_t parts = macro->parts > 0 ? macro->parts : SIZE_MAX;
	size_t at = value.len, end;

	for (;;) {
		at = last_part(macro, text_first(value, at));
		if (at == 0 || --parts == 0)
			break;
		at--;
	}
	while (buf_ok(to)) {
		for (end = at; end < value.len; end++)
			if (separates(macro, value.at[end]))
				break;
		put(to, text_of(value.at + at, end - at), escape);
		if (end == value.len)
			return;
		buf_char(to, '.');
		at = end + 1;
	}
}

/* Reversed, the rightmost parts are the first ones of the value. */
static void
put_reversed_parts(const struct macro *macro, struct text value, bool escape,
		   struct buf *to)
{
	size_t parts = 0, at;

	if (macro->parts > 0)
		for (at = 0; at < value.len; at++)
			if (separates(macro, value.at[at]) &&
			    ++parts == macro->parts)
				value.len = at;
	while (buf_ok(to)) {
		at = last_part(macro, value);
		put(to, text_skip(value, at), escape);
		if (at == 0)
			return;
		buf_char(to, '.');
		value.len = at - 1;
	}
}

static void
put_macro(const struct macro *macro, const struct spf_macro_values *values,
	  struct buf *to)
{
	struct text value = value_of(values, macro->letter);
	bool escape = ascii_lower(macro->letter) != macro->letter;

	if (value.len == 0)
		return;
	if (macro->reverse)
		put_reversed_parts(macro, value, escape, to);
	else if (macro->parts > 0 || macro->delimiters.len > 0)
		put_right_parts(macro, value, escape, to);
	else
		put(to, value, escape);
}

static void
put_escape(char escape, struct buf *to)
{
	if (escape == '%')
		buf_char(to, '%');
	else if (escape == '_')
		buf_char(to, ' ');
	else if (escape == '-')
		buf_string(to, "%20");
}

static bool
is_literal(char c)
{
	return c != '%';
}

void
spf_macro_expand(struct text string, const struct spf_macro_values *values,
		 struct buf *to)
{
	struct macro macro;
	struct scan in;

	scan_init(&in, string);
	while (!scan_at_end(&in) && buf_ok(to)) {
		buf_text(to, scan_while(&in, is_literal));
		if (!scan_char(&in, '%'))
			break;
		if (!scan_char(&in, '{'))
			put_escape(take_escape(&in), to);
		else if (take_macro(&in, SPF_MACRO_IN_EXPLANATION, &macro,
				    NULL))
			put_macro(&macro, values, to);
	}
}

bool
spf_macro_target(struct arena *arena, struct text spec,
		 const struct spf_macro_values *values, struct text *name)
{
	struct buf buf;
	size_t dot;

	buf_init(&buf, arena, 2 * LIMIT_SPF_RECORD_BYTES);
	spf_macro_expand(spec, values, &buf);
	*name = buf_view(&buf);
	if (!buf_ok(&buf) || !text_is_ascii(*name))
		return false;
	if (name->len > 0 && name->at[name->len - 1] == '.')
		name->len--;
	while (name->len > LIMIT_DOMAIN_BYTES) {
		dot = text_find(*name, '.');
		*name = text_skip(*name, dot + 1);
	}
	return true;
}

struct text
spf_macro_address(struct arena *arena, const struct ipaddr *address)
{
	char written[IPADDR_STRING_BYTES];
	struct buf buf;
	size_t i;

	if (address->family == 4)
		return text_copy(arena,
				 text_from(ipaddr_write(address, written)));
	buf_init(&buf, arena, 64);
	for (i = 0; i < 16; i++)
		buf_printf(&buf, "%s%X.%X", i > 0 ? "." : "",
			   address->bytes[i] >> 4, address->bytes[i] & 15);
	return buf_view(&buf);
}
