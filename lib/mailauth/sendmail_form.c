#include "mailauth/sendmail_form.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"

/* width of a line, and what a further one begins with */
#define LINE_BYTES 78
#define MARGIN "        "

/* --- one address --- */

/* Sendmail's own, and those of its option MustQuoteChars. */
static bool
must_be_quoted(char c)
{
	return c == '@' || c == ',' || c == ';' || c == '(' || c == ')' ||
	       c == '[' || c == ']' || c == '.' || c == '\'';
}

static bool
has_any(struct text text, const char *bytes)
{
	for (; *bytes != '\0'; bytes++)
		if (text_has(text, *bytes))
			return true;
	return false;
}

/* Bytes that make up an address which nobody reads in two ways. */
static bool
is_plain(struct text address)
{
	size_t i;

	for (i = 0; i < address.len; i++)
		if (!ascii_is_graph(address.at[i]) ||
		    text_has(TEXT("\"(),:;<>\\"), address.at[i]))
			return false;
	return text_has(address, '@');
}

/* Sendmail takes each '.' off the end of a domain, but for the last byte of
 * what is no domain. */
static struct text
without_final_dots(struct text address)
{
	while (address.len > 1 && address.at[address.len - 1] == '.' &&
	       address.at[address.len - 2] != '@')
		address.len--;
	return address;
}

static void
put_quoted(struct buf *to, struct text phrase)
{
	size_t i;
	bool blank = false;

	buf_char(to, '"');
	for (i = 0; i < phrase.len; i++) {
		if (phrase.at[i] == '\r' || phrase.at[i] == '\n') {
			blank = true;
			continue;
		}
		if (blank && !ascii_is_wsp(phrase.at[i]))
			buf_char(to, ' ');
		blank = false;
		buf_char(to, phrase.at[i]);
	}
	buf_char(to, '"');
}

static void
put_phrase(struct buf *to, struct text phrase)
{
	struct text words = text_trim(phrase);
	size_t i;

	for (i = 0; i < words.len && !must_be_quoted(words.at[i]); i++)
		continue;
	if (i == words.len || has_any(words, "\"\\:()")) {
		buf_text(to, phrase);
		return;
	}
	put_quoted(to, words);
	buf_text(to,
		 text_skip(phrase, (size_t)(words.at - phrase.at) + words.len));
}

/* "phrase <address> (comment)"; as it is when it has another shape. */
static void
put_named(struct buf *to, struct text item, size_t bracket)
{
	struct text inside = text_skip(item, bracket + 1), address;
	size_t end = text_find(inside, '>');

	address = text_trim(text_first(inside, end));
	if (end == inside.len || !is_plain(address)) {
		buf_text(to, item);
		return;
	}
	put_phrase(to, text_first(item, bracket));
	buf_char(to, '<');
	buf_text(to, without_final_dots(address));
	buf_text(to, text_skip(inside, end));
}

/* "address", or "address (comment)". */
static void
put_bare(struct buf *to, struct text item)
{
	size_t comment = text_find(item, '(');
	struct text address = text_trim(text_first(item, comment));

	if (!is_plain(address)) {
		buf_text(to, item);
		return;
	}
	buf_text(to, without_final_dots(address));
	if (comment == item.len)
		return;
	buf_char(to, ' ');
	buf_text(to, text_skip(item, comment));
}

/* --- lists of them --- */

/* Where the first address ends: at a comma outside quotes, comments and
 * angle brackets.  `bracket` is its '<', or its length. */
static size_t
find_end(struct text text, size_t *bracket)
{
	size_t i, depth = 0;
	bool quoted = false, angle = false, has_bracket = false;

	for (i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (c == '\\' && (quoted || depth > 0)) {
			i++;
		} else if (c == '"' && depth == 0) {
			quoted = !quoted;
		} else if (quoted) {
			continue;
		} else if (c == '(') {
			depth++;
		} else if (c == ')' && depth > 0) {
			depth--;
		} else if (depth > 0) {
			continue;
		} else if (c == '<' && !has_bracket) {
			angle = has_bracket = true;
			*bracket = i;
		} else if (c == '>') {
			angle = false;
		} else if (c == ',' && !angle) {
			break;
		}
	}
	if (i > text.len)
		i = text.len;
	if (!has_bracket)
		*bracket = i;
	return i;
}

/* A line end counts as one byte: Sendmail has them so. */
static size_t
width_of(struct text text)
{
	size_t i, width = 0;

	for (i = 0; i < text.len; i++)
		width += text.at[i] != '\r';
	return width;
}

struct lines {
	struct buf out;
	size_t used; /* of the last line, as Sendmail counts */
	bool begun;
};

static void
put_item(struct lines *to, struct text item)
{
	size_t width = width_of(item);

	to->used += width + (to->begun ? 2 : 0);
	if (to->begun && to->used > LINE_BYTES) {
		buf_string(&to->out, ",\r\n" MARGIN);
		to->used = strlen(MARGIN) + width;
	} else if (to->begun) {
		buf_string(&to->out, ", ");
	}
	buf_text(&to->out, item);
	to->begun = true;
}

struct text
sendmail_addresses(struct arena *arena, struct text name, struct text value)
{
	struct lines lines = {.used = name.len + 1};
	struct text rest = value;

	buf_init(&lines.out, arena, LIMIT_HEADER_BYTES);
	/* blanks in front are as many spaces, line ends too */
	while (rest.len > 0 && ascii_is_fws(rest.at[0])) {
		if (rest.at[0] != '\r') {
			buf_char(&lines.out, ' ');
			lines.used++;
		}
		rest = text_skip(rest, 1);
	}
	while (rest.len > 0) {
		size_t bracket, end = find_end(rest, &bracket), blank;
		struct text item = text_trim(text_first(rest, end));
		struct buf one;

		if (item.len > 0) {
			blank = (size_t)(item.at - rest.at);
			buf_init(&one, arena, LIMIT_HEADER_BYTES);
			if (bracket < end)
				put_named(&one, item, bracket - blank);
			else
				put_bare(&one, item);
			put_item(&lines, buf_view(&one));
		}
		rest = text_skip(rest, end + 1);
	}
	/* nothing that is an address: left alone */
	return lines.begun && buf_ok(&lines.out) ? buf_view(&lines.out) : value;
}

/* --- the header section --- */

static const struct text address_fields[] = {
    TEXT_INIT("From"),
    TEXT_INIT("Sender"),
    TEXT_INIT("Reply-To"),
    TEXT_INIT("To"),
    TEXT_INIT("Cc"),
    TEXT_INIT("Errors-To"),
    TEXT_INIT("Disposition-Notification-To"),
    TEXT_INIT("Apparently-To"),
    TEXT_INIT("Resent-From"),
    TEXT_INIT("Resent-Sender"),
    TEXT_INIT("Resent-Reply-To"),
    TEXT_INIT("Resent-To"),
    TEXT_INIT("Resent-Cc"),
};

static const struct text removed_fields[] = {
    TEXT_INIT("Bcc"),	      TEXT_INIT("Resent-Bcc"),
    TEXT_INIT("Full-Name"),   TEXT_INIT("Content-Length"),
    TEXT_INIT("Return-Path"),
};

static bool
is_among(const struct text *names, size_t count, struct text name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (text_equal_nocase(names[i], name))
			return true;
	return false;
}

#define AMONG(names, name)                                                     \
	is_among(names, sizeof(names) / sizeof((names)[0]), name)

/* How many fields of its name there are down to this one. */
static size_t
number_of(const struct header_field *field)
{
	const struct header_field *other;
	size_t number = 0;

	for (other = field; other != NULL; other = other->above)
		number += text_equal_nocase(other->name, field->name);
	return number;
}

static void
change(struct sendmail_form *form, struct text name, size_t number,
       struct text value)
{
	form->changes[form->count++] =
	    (struct sendmail_change){name, number, value};
}

static void
add_missing(struct sendmail_form *form, struct message *sent, const char *name,
	    struct text value)
{
	if (message_find(sent, name) != NULL)
		return;
	message_add(sent, text_from(name), value);
	change(form, text_from(name), 0, value);
}

static struct text
with_space(struct arena *arena, struct text text)
{
	return text_from(arena_printf(arena, " " TEXT_FMT, TEXT_ARG(text)));
}

void
sendmail_form(struct arena *arena, const struct message *message,
	      struct text date, struct text message_id,
	      struct sendmail_form *form)
{
	struct message *sent = arena_new_value(arena, struct message);
	const struct header_field *field;

	message_init(sent, arena);
	form->changes =
	    arena_new_array(arena, struct sendmail_change, message->count + 2);
	form->count = 0;
	form->sent = sent;
	for (field = message->top; field != NULL; field = field->below) {
		struct text value = field->value;

		if (AMONG(removed_fields, field->name))
			continue;
		if (AMONG(address_fields, field->name))
			value = sendmail_addresses(arena, field->name, value);
		if (!text_equal(value, field->value))
			change(form, field->name, number_of(field), value);
		message_add(sent, field->name, value);
	}
	sent->truncated |= message->truncated;
	/* as Sendmail writes the names */
	add_missing(form, sent, "Date", with_space(arena, date));
	add_missing(form, sent, "Message-Id", with_space(arena, message_id));
}
