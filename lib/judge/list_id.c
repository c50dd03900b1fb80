#include "judge/list_id.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"

/* RFC 5322 section 3.2.3, with the dot */
static bool
is_id_byte(char c)
{
	return ascii_is_alnum(c) ||
	       (c != '\0' && text_has(TEXT("!#$%&'*+-/=?^_`{|}~."), c));
}

static bool
is_phrase(char c)
{
	return c != '<' && c != '"' && c != '(';
}

/* Behind the '"' or '(' that began it; comments nest. */
static bool
skip_to_end(struct scan *in, char open, char close)
{
	unsigned depth = 1;

	while (!scan_at_end(in)) {
		if (scan_char(in, '\\')) {
			if (!scan_at_end(in))
				in->at++;
		} else if (scan_char(in, close)) {
			if (--depth == 0)
				return true;
		} else {
			if (scan_peek(in) == open)
				depth++;
			in->at++;
		}
	}
	return false;
}

/* Words, quoted strings and comments up to '<' or the end. */
static bool
skip_phrase(struct scan *in)
{
	for (;;) {
		scan_while(in, is_phrase);
		if (scan_char(in, '"')) {
			if (!skip_to_end(in, '"', '"'))
				return false;
		} else if (scan_char(in, '(')) {
			if (!skip_to_end(in, '(', ')'))
				return false;
		} else {
			return true;
		}
	}
}

/* Space and comments up to the end. */
static bool
is_over(struct scan *in)
{
	for (;;) {
		scan_fws(in);
		if (!scan_char(in, '('))
			return scan_at_end(in);
		if (!skip_to_end(in, '(', ')'))
			return false;
	}
}

static bool
check_id(struct text id, struct why *why)
{
	size_t i, label = 0;
	bool has_dot = false;

	if (id.len > LIMIT_LIST_ID_BYTES)
		return why_set(why, "it has %zu bytes", id.len);
	for (i = 0; i < id.len; i++) {
		if (!is_id_byte(id.at[i]))
			return why_set(why, "it holds what no list has");
		if (id.at[i] != '.') {
			label++;
			continue;
		}
		if (label == 0)
			return why_set(why, "it has an empty label");
		has_dot = true;
		label = 0;
	}
	return (has_dot && label > 0) ||
	       why_set(why, "it does not end in a domain");
}

bool
list_id_parse(struct arena *arena, struct text value, struct text *id,
	      struct why *why)
{
	struct text inside;
	struct scan in;

	if (value.len > LIMIT_FIELD_BYTES)
		return why_set(why, "the field is too long");
	scan_init(&in, value);
	if (!skip_phrase(&in))
		return why_set(why, "a string or comment has no end");
	if (!scan_char(&in, '<')) {
		inside = text_trim(value);
	} else {
		inside = scan_until(&in, '>');
		if (in.at[-1] != '>')
			return why_set(why, "no '>'");
		if (!is_over(&in))
			return why_set(why, "text behind '>'");
		inside = text_trim(inside);
	}
	if (!check_id(inside, why))
		return false;
	*id = text_lower(arena, inside);
	return true;
}

bool
list_id_is_within(struct text id, struct domain domain)
{
	struct text name = domain.name;

	if (name.len == 0 || id.len < name.len ||
	    !text_equal_nocase(text_skip(id, id.len - name.len), name))
		return false;
	return id.len == name.len || id.at[id.len - name.len - 1] == '.';
}
