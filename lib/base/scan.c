#include "base/scan.h"

#include "base/ascii.h"

void
scan_init(struct scan *in, struct text text)
{
	in->at = text.len > 0 ? text.at : "";
	in->end = in->at + text.len;
}

bool
scan_at_end(const struct scan *in)
{
	return in->at == in->end;
}

struct text
scan_rest(const struct scan *in)
{
	return text_of(in->at, (size_t)(in->end - in->at));
}

char
scan_peek(const struct scan *in)
{
	return in->at < in->end ? *in->at : '\0';
}

bool
scan_char(struct scan *in, char c)
{
	if (in->at == in->end || *in->at != c)
		return false;
	in->at++;
	return true;
}

bool
scan_string(struct scan *in, const char *literal)
{
	struct text wanted = text_from(literal);

	if (!text_starts(scan_rest(in), wanted))
		return false;
	in->at += wanted.len;
	return true;
}

bool
scan_string_nocase(struct scan *in, const char *literal)
{
	struct text wanted = text_from(literal);

	if (!text_starts_nocase(scan_rest(in), wanted))
		return false;
	in->at += wanted.len;
	return true;
}

void
scan_blank(struct scan *in)
{
	scan_while(in, ascii_is_wsp);
}

void
scan_fws(struct scan *in)
{
	scan_while(in, ascii_is_fws);
}

struct text
scan_while(struct scan *in, bool (*is_wanted)(char))
{
	const char *start = in->at;

	while (in->at < in->end && is_wanted(*in->at))
		in->at++;
	return text_of(start, (size_t)(in->at - start));
}

struct text
scan_until(struct scan *in, char stop)
{
	struct text rest = scan_rest(in);
	size_t found = text_find(rest, stop);

	in->at += found;
	if (in->at < in->end)
		in->at++;
	return text_first(rest, found);
}

bool
scan_u64(struct scan *in, uint64_t most, uint64_t *value)
{
	const char *start = in->at;
	struct text digits = scan_while(in, ascii_is_digit);

	if (text_to_u64(digits, most, value))
		return true;
	in->at = start;
	return false;
}
