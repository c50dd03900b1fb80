#include "mailtls/txt_fields.h"

#include "base/ascii.h"
#include "base/why.h"

#define NAME_BYTES 32

bool
txt_fields_begin(struct scan *in, struct text txt, const char *version)
{
	scan_init(in, txt);
	if (!scan_string(in, version))
		return false;
	scan_blank(in);
	return scan_char(in, ';');
}

static bool
is_name(char c)
{
	return ascii_is_alnum(c) || c == '_' || c == '-' || c == '.';
}

static bool
is_broken(bool *broken, struct why *why, const char *reason)
{
	*broken = true;
	return why_set(why, "%s", reason);
}

bool
txt_fields_next(struct scan *in, struct txt_field *field, bool *broken,
		struct why *why)
{
	scan_blank(in);
	if (scan_at_end(in))
		return false;
	if (!ascii_is_alnum(scan_peek(in)))
		return is_broken(broken, why, "a field without a name");
	field->name = scan_while(in, is_name);
	if (field->name.len > NAME_BYTES)
		return is_broken(broken, why, "a name above 32 bytes");
	if (!scan_char(in, '='))
		return is_broken(broken, why, "no '=' behind a name");
	field->value = text_trim(scan_until(in, ';'));
	return true;
}

bool
txt_fields_is_value(struct text value)
{
	size_t i;

	for (i = 0; i < value.len; i++)
		if (!ascii_is_graph(value.at[i]) || value.at[i] == '=' ||
		    value.at[i] == ';')
			return false;
	return value.len > 0;
}
