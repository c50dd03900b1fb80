#include "dovecot-plugin/event_fields.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "base/why.h"

static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || c == '_';
}

/* %XX for what is no plain byte. */
static bool
decode(struct arena *arena, struct text from, struct text *value,
       struct why *why)
{
	char *to;
	size_t i, n = 0;

	if (from.len > 3 * EVENT_FIELD_BYTES)
		return why_set(why, "it is too long");
	to = arena_bytes(arena, from.len + 1);
	for (i = 0; i < from.len; i++) {
		char c = from.at[i];

		if (c == '%') {
			if (from.len - i < 3 || !ascii_is_hex(from.at[i + 1]) ||
			    !ascii_is_hex(from.at[i + 2]))
				return why_set(why, "a '%%' without two "
						    "hexadecimal digits");
			c = (char)(ascii_hex_value(from.at[i + 1]) * 16 +
				   ascii_hex_value(from.at[i + 2]));
			i += 2;
		}
		if (c == '\0')
			return why_set(why, "it holds a zero byte");
		to[n++] = c;
	}
	*value = text_of(to, n);
	return n <= EVENT_FIELD_BYTES ? true : why_set(why, "it is too long");
}

static bool
take_line(struct arena *arena, struct text line, struct event_fields *fields,
	  struct why *why)
{
	struct event_field *field = &fields->list[fields->count];
	struct scan in;

	scan_init(&in, line);
	field->name = scan_while(&in, is_name);
	if (field->name.len == 0 || field->name.len > 40 ||
	    !scan_char(&in, '='))
		return why_set(why, "a line is no \"name=value\"");
	if (fields->count == EVENT_FIELDS_MOST - 1)
		return why_set(why, "more than %d lines",
			       EVENT_FIELDS_MOST - 1);
	if (event_fields_get(fields, text_string(arena, field->name)).at !=
	    NULL)
		return why_set(why, TEXT_FMT "= comes twice",
			       TEXT_ARG(field->name));
	if (!decode(arena, scan_rest(&in), &field->value, why) ||
	    (!utf8_is_valid(field->value) && !why_set(why, "it is not UTF-8")))
		return why_prefix(why, TEXT_FMT, TEXT_ARG(field->name));
	fields->count++;
	return true;
}

/* A line with its end; false if there is none any more. */
static bool
next_line(struct text *rest, struct text *line)
{
	size_t end = text_find(*rest, '\n');

	if (end == rest->len)
		return false;
	*line = text_first(*rest, end);
	*rest = text_skip(*rest, end + 1);
	return true;
}

static bool
is_first(struct text line, const char *word)
{
	struct scan in;

	scan_init(&in, line);
	return scan_string(&in, word) && scan_string(&in, " 1") &&
	       scan_at_end(&in);
}

bool
event_fields_read(struct arena *arena, struct text bytes, const char *word,
		  struct event_fields *fields, struct why *why)
{
	struct text line;

	*fields = (struct event_fields){.count = 0};
	if (!next_line(&bytes, &line) || !is_first(line, word))
		return why_set(why, "it does not begin with \"%s 1\"", word);
	while (next_line(&bytes, &line)) {
		if (line.len == 0) {
			fields->message = bytes;
			return true;
		}
		if (!take_line(arena, line, fields, why))
			return false;
	}
	return why_set(why, "there is no empty line: it is cut short");
}

struct text
event_fields_get(const struct event_fields *fields, const char *name)
{
	struct text wanted = text_from(name);
	size_t i;

	for (i = 0; i < fields->count; i++)
		if (text_equal(fields->list[i].name, wanted))
			return fields->list[i].value;
	return text_of(NULL, 0);
}

bool
event_fields_is(const struct event_fields *fields, const char *name)
{
	return text_equal(event_fields_get(fields, name), TEXT("1"));
}
