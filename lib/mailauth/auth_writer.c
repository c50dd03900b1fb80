#include "mailauth/auth_writer.h"

#include "base/ascii.h"
#include "base/limits.h"

#define LINE_BYTES 78
#define FIELD_NAME_BYTES 24 /* "Authentication-Results: " */
#define TAB_BYTES 8

/* What is written for one byte of a value or comment: nothing that careless
 * readers take for the end of it. */
static char
harmless(struct text text, size_t at)
{
	char c = text.at[at];

	switch (c) {
	case '(':
		return '[';
	case ')':
		return ']';
	case '\\':
		return '/';
	case ';':
		return ',';
	case '"':
		return '\'';
	case '=':
		return text_starts_nocase(text_skip(text, at + 1), TEXT("pass"))
			   ? '?'
			   : '=';
	default:
		return c >= ' ' && c < 0x7f ? c : '?';
	}
}

static void
put(struct auth_writer *writer, char c)
{
	buf_char(writer->to, c);
	writer->line++;
}

static void
put_string(struct auth_writer *writer, const char *string)
{
	buf_string(writer->to, string);
	writer->line += (unsigned)strlen(string);
}

static void
fold(struct auth_writer *writer)
{
	buf_string(writer->to, "\r\n\t");
	writer->line = TAB_BYTES;
}

/* A space before `bytes` more, or a fold if they do not fit. */
static void
put_space(struct auth_writer *writer, size_t bytes)
{
	if (writer->line + 1 + bytes > LINE_BYTES && writer->line > TAB_BYTES)
		fold(writer);
	else
		put(writer, ' ');
}

/* Whether the line ends before this space inside a quoted string or comment:
 * when the next word does not fit.  No line is left with space alone. */
static bool
breaks_before(const struct auth_writer *writer, struct text text, size_t at)
{
	size_t next;

	if (text.at[at] != ' ' || at + 1 == text.len || text.at[at + 1] == ' ')
		return false;
	next = text_find(text_skip(text, at + 1), ' ');
	return writer->line + 1 + next > LINE_BYTES;
}

static void
put_bytes(struct auth_writer *writer, struct text text)
{
	bool is_cut = text.len > LIMIT_AUTH_VALUE_BYTES;
	size_t i;

	text = text_first(text, LIMIT_AUTH_VALUE_BYTES);
	for (i = 0; i < text.len; i++) {
		if (breaks_before(writer, text, i)) {
			buf_string(writer->to, "\r\n");
			writer->line = 0;
		}
		put(writer, harmless(text, i));
	}
	if (is_cut)
		put_string(writer, "...");
}

static bool
is_plain(char c)
{
	return ascii_is_alnum(c) || c == '.' || c == '-' || c == '_' ||
	       c == '+';
}

static bool
is_plain_text(struct text text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if (!is_plain(text.at[i]))
			return false;
	return text.len > 0;
}

/* domain-name of RFC 6376 section 3.5: two labels or more */
static bool
is_domain_name(struct text text)
{
	size_t i;
	char before = '.';

	for (i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (!ascii_is_alnum(c) && c != '-' && c != '.')
			return false;
		if (!ascii_is_alnum(c) &&
		    (before == '.' || (c == '.' && before == '-')))
			return false;
		before = c;
	}
	return ascii_is_alnum(before) && text_has(text, '.');
}

static bool
is_plain_local(struct text text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if (!is_plain(text.at[i]) ||
		    (text.at[i] == '.' &&
		     (i == 0 || i + 1 == text.len || text.at[i - 1] == '.')))
			return false;
	return true;
}

/* What needs no quotes in any reading of the grammar. */
static bool
is_bare(struct text value)
{
	size_t at = text_find(value, '@');

	if (value.len > LIMIT_AUTH_VALUE_BYTES)
		return false;
	if (at == value.len)
		return is_plain_text(value);
	return is_plain_local(text_first(value, at)) &&
	       is_domain_name(text_skip(value, at + 1));
}

static void
put_quoted(struct auth_writer *writer, struct text text)
{
	put(writer, '"');
	put_bytes(writer, text);
	put(writer, '"');
}

void
auth_write_begin(struct auth_writer *writer, struct buf *to, struct text id)
{
	*writer = (struct auth_writer){.to = to, .line = FIELD_NAME_BYTES};
	if (is_plain_text(id) && id.len <= LIMIT_AUTH_VALUE_BYTES) {
		buf_text(to, id);
		writer->line += (unsigned)id.len;
	} else {
		put_quoted(writer, id);
	}
	writer->id_end = to->len;
}

void
auth_write_method(struct auth_writer *writer, const char *method,
		  const char *result)
{
	if (buf_ok(writer->to))
		writer->whole = writer->to->len;
	put(writer, ';');
	fold(writer);
	put_string(writer, method);
	put(writer, '=');
	put_string(writer, result);
	writer->has_methods = true;
}

void
auth_write_comment(struct auth_writer *writer, struct text comment)
{
	size_t word = text_find(comment, ' ');

	if (comment.len == 0)
		return;
	put_space(writer, word + 2);
	put(writer, '(');
	put_bytes(writer, comment);
	put(writer, ')');
}

void
auth_write_reason(struct auth_writer *writer, struct text reason)
{
	if (reason.len == 0)
		return;
	put_space(writer, strlen("reason=\"") + text_find(reason, ' '));
	put_string(writer, "reason=");
	put_quoted(writer, reason);
}

void
auth_write_property(struct auth_writer *writer, const char *type,
		    const char *name, struct text value)
{
	bool bare = is_bare(value);

	if (value.len == 0)
		return;
	put_space(writer, strlen(type) + strlen(name) + 2 +
			      (bare ? value.len : text_find(value, ' ') + 2));
	put_string(writer, type);
	put(writer, '.');
	put_string(writer, name);
	put(writer, '=');
	if (bare) {
		buf_text(writer->to, value);
		writer->line += (unsigned)value.len;
	} else {
		put_quoted(writer, value);
	}
}

/* The method that did not fit; all before it are whole. */
static void
drop_last(struct auth_writer *writer)
{
	writer->to->len = writer->whole;
	writer->to->overflow = false;
	writer->has_methods = writer->whole > writer->id_end;
}

void
auth_write_end(struct auth_writer *writer)
{
	if (writer->has_methods && !buf_ok(writer->to))
		drop_last(writer);
	if (!writer->has_methods)
		put_string(writer, "; none");
}
