#include "mailauth/message.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/scan.h"

void
message_init(struct message *message, struct arena *arena)
{
	*message = (struct message){.arena = arena};
}

/* Line feeds without a carriage return before them. */
static size_t
count_bare_lf(struct text text)
{
	const char *at = text.at, *end = text.at + text.len;
	size_t count = 0;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		if (at == text.at || at[-1] != '\r')
			count++;
		at++;
	}
	return count;
}

static void
copy_with_crlf(char *to, struct text from)
{
	size_t i;

	for (i = 0; i < from.len; i++) {
		if (from.at[i] == '\n' && (i == 0 || from.at[i - 1] != '\r'))
			*to++ = '\r';
		*to++ = from.at[i];
	}
}

static struct text
trim_name(struct text name)
{
	while (name.len > 0 && ascii_is_wsp(name.at[name.len - 1]))
		name.len--;
	return name;
}

static struct header_field *
new_field(struct arena *arena, struct text name, struct text value)
{
	struct header_field field = {.name = trim_name(name)};
	size_t bare = value.len > 0 ? count_bare_lf(value) : 0;
	char *bytes;

	field.spaced = field.name.len != name.len;
	field.value.len = value.len + bare;
	bytes = arena_bytes(arena, field.name.len + field.value.len);
	if (field.name.len > 0)
		memcpy(bytes, field.name.at, field.name.len);
	field.name.at = bytes;
	field.value.at = bytes + field.name.len;
	if (bare > 0)
		copy_with_crlf(bytes + field.name.len, value);
	else if (value.len > 0)
		memcpy(bytes + field.name.len, value.at, value.len);
	return arena_copy(arena, &field, sizeof(field));
}

struct header_field *
message_add(struct message *message, struct text name, struct text value)
{
	struct header_field *field;

	if (message->count >= LIMIT_HEADER_FIELDS ||
	    name.len > LIMIT_HEADER_BYTES || value.len > LIMIT_HEADER_BYTES ||
	    message->bytes + name.len + value.len > LIMIT_HEADER_BYTES) {
		message->truncated = true;
		message->left_out++;
		return NULL;
	}
	field = new_field(message->arena, name, value);
	field->position = message->count++;
	field->above = message->bottom;
	if (message->bottom != NULL)
		message->bottom->below = field;
	else
		message->top = field;
	message->bottom = field;
	message->bytes += field->name.len + field->value.len;
	return field;
}

static bool
is_name_byte(char c)
{
	return ascii_is_graph(c) && c != ':';
}

/* One line with its end. */
static struct text
take_line(struct scan *in)
{
	struct text rest = scan_rest(in);
	struct text line = text_first(rest, text_find(rest, '\n') + 1);

	in->at += line.len;
	return line;
}

static struct text
without_line_end(struct text line)
{
	if (line.len > 0 && line.at[line.len - 1] == '\n')
		line.len--;
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Reads "name:" and says where the value begins.  White space before the
 * colon belongs to the name here: RFC 5322 section 4.5. */
static bool
take_name(struct scan *in, struct text *name)
{
	const char *start = in->at;

	if (scan_while(in, is_name_byte).len > 0) {
		scan_blank(in);
		*name = text_of(start, (size_t)(in->at - start));
		if (scan_char(in, ':'))
			return true;
	}
	in->at = start;
	return false;
}

static void
skip_mailbox_lines(struct scan *in)
{
	struct scan ahead = *in;

	for (;;) {
		while (scan_char(&ahead, '>'))
			;
		if (!scan_string(&ahead, "From "))
			return;
		/* "From : x" is a field */
		if (scan_blank(&ahead), scan_char(&ahead, ':'))
			return;
		take_line(&ahead);
		*in = ahead;
	}
}

size_t
message_parse(struct message *message, struct text raw)
{
	struct scan in;
	struct text name;
	const char *value;

	scan_init(&in, raw);
	skip_mailbox_lines(&in);
	while (take_name(&in, &name)) {
		value = in.at;
		do
			take_line(&in);
		while (ascii_is_wsp(scan_peek(&in)));
		message_add(
		    message, name,
		    without_line_end(text_of(value, (size_t)(in.at - value))));
	}
	if (!scan_string(&in, "\r\n"))
		scan_char(&in, '\n');
	return raw.len - scan_rest(&in).len;
}

static const struct header_field *
find_from(const struct header_field *field, const char *name)
{
	struct text wanted = text_from(name);

	while (field != NULL && !text_equal_nocase(field->name, wanted))
		field = field->below;
	return field;
}

const struct header_field *
message_find(const struct message *message, const char *name)
{
	return find_from(message->top, name);
}

const struct header_field *
message_find_next(const struct header_field *after, const char *name)
{
	return find_from(after->below, name);
}

size_t
message_count(const struct message *message, const char *name)
{
	const struct header_field *field = message_find(message, name);
	size_t count = 0;

	for (; field != NULL; field = message_find_next(field, name))
		count++;
	return count;
}

struct text
field_unfolded(struct arena *arena, const struct header_field *field)
{
	struct text value = text_trim(field->value);
	char *to;
	size_t i, kept = 0;

	if (!text_has(value, '\n'))
		return value;
	to = arena_bytes(arena, value.len);
	for (i = 0; i < value.len; i++) {
		if (value.at[i] == '\r' && value.at[i + 1] == '\n')
			continue;
		if (value.at[i] != '\n')
			to[kept++] = value.at[i];
		else if (!ascii_is_wsp(value.at[i + 1]))
			to[kept++] = ' ';
	}
	return text_of(to, kept);
}
