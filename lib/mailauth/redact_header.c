#include "mailauth/redact.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/tag_list.h"
#include "mailauth/mailbox.h"
#include "mailauth/message.h"
#include "mailauth/received.h"

/* how long lines get: RFC 5322 section 2.1.1 */
#define LINE_NEAR 76
#define WORD_MOST 900
/* recipients of To and Cc that are told */
#define ADDRESSES_MOST 5
/* of one field, redacted */
#define VALUE_MOST 4000

/* What is told of one field, in the form "value". */
typedef struct text (*redact_field)(struct arena *, struct text key,
				    const struct header_field *);

static struct text
tell_text(struct arena *arena, struct text key,
	  const struct header_field *field)
{
	return redact_text(arena, key, field_unfolded(arena, field));
}

/* An identifier that its sender made, which may look it up by it; but some
 * writers put the recipient's address into it. */
static struct text
tell_id(struct arena *arena, struct text key, const struct header_field *field)
{
	struct text id =
	    text_first(field_unfolded(arena, field), LIMIT_ADDRESS_BYTES);
	struct buf to;
	size_t i;

	if (text_find(id, '@') != text_find_last(id, '@') ||
	    text_has(id, '=') || text_has(id, '%') || text_has(id, '"'))
		return redact_text(arena, key, id);
	buf_init(&to, arena, LIMIT_ADDRESS_BYTES);
	for (i = 0; i < id.len; i++)
		if (ascii_is_graph(id.at[i]))
			buf_char(&to, id.at[i]);
	return buf_view(&to);
}

/* No names, and not all of a long list. */
static struct text
tell_recipients(struct arena *arena, struct text key,
		const struct header_field *field)
{
	struct mailbox_list list;
	const struct mailbox *one;
	struct buf to;
	size_t told = 0;

	if (!mailbox_parse_list(arena, field_unfolded(arena, field), &list,
				NULL))
		return TEXT("(not readable)");
	buf_init(&to, arena, VALUE_MOST);
	for (one = list.first; one != NULL && told < ADDRESSES_MOST;
	     one = one->next) {
		buf_string(&to, told++ > 0 ? ", " : "");
		buf_text(&to, redact_address(arena, key, one->address));
	}
	if (list.count > told)
		buf_printf(&to, ", (%zu more)", list.count - told);
	return buf_view(&to);
}

static bool
is_type_char(char c)
{
	return ascii_is_alnum(c) || c == '/' || c == '-' || c == '.' ||
	       c == '+';
}

/* The type without its parameters: they hold names of files. */
static struct text
tell_type(struct arena *arena, struct text key,
	  const struct header_field *field)
{
	struct scan in;

	(void)key;
	scan_init(&in, field_unfolded(arena, field));
	return scan_while(&in, is_type_char);
}

static bool
is_host_char(char c)
{
	return ascii_is_alnum(c) || c == '.' || c == '-' || c == '_';
}

/* A word that is a host alone. */
static struct text
take_host(struct scan *in)
{
	struct text host = scan_while(in, is_host_char);
	char next = scan_peek(in);

	return scan_at_end(in) || ascii_is_fws(next) || next == ';' ||
		       next == '('
		   ? host
		   : TEXT("");
}

/* The host behind "by", outside comments as far as they are closed. */
static struct text
find_by(struct text value)
{
	unsigned depth = 0;
	struct scan in, word;

	scan_init(&in, value);
	while (!scan_at_end(&in)) {
		word = in;
		scan_blank(&word);
		if (depth == 0 && (word.at > in.at || in.at == value.at) &&
		    scan_string_nocase(&word, "by") &&
		    ascii_is_wsp(scan_peek(&word))) {
			scan_blank(&word);
			return take_host(&word);
		}
		if (scan_peek(&in) == '(')
			depth++;
		else if (scan_peek(&in) == ')' && depth > 0)
			depth--;
		in.at++;
	}
	return TEXT("");
}

static bool
is_date_char(char c)
{
	return ascii_is_alnum(c) || c == ' ' || c == ',' || c == ':' ||
	       c == '+' || c == '-';
}

static struct text
find_date(struct text value)
{
	struct scan in;

	scan_init(&in,
		  text_trim(text_skip(value, text_find_last(value, ';') + 1)));
	return text_trim(scan_while(&in, is_date_char));
}

static void
put_hosts(struct buf *to, struct text text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		buf_char(to, is_host_char(text.at[i]) ? text.at[i] : '?');
}

static struct text
tell_received(struct arena *arena, struct text key,
	      const struct header_field *field)
{
	struct text value = field_unfolded(arena, field), by;
	char address[IPADDR_STRING_BYTES];
	struct received_from from;
	struct buf to;

	(void)key;
	buf_init(&to, arena, VALUE_MOST);
	if (received_parse(value, &from)) {
		buf_string(&to, "from ");
		put_hosts(&to, text_first(from.helo, LIMIT_DOMAIN_BYTES));
		buf_printf(&to, " ([%s])",
			   ipaddr_write(&from.address, address));
	}
	by = text_first(find_by(value), LIMIT_DOMAIN_BYTES);
	if (by.len > 0)
		buf_printf(&to, " by " TEXT_FMT, TEXT_ARG(by));
	buf_printf(&to, "; " TEXT_FMT,
		   TEXT_ARG(text_first(find_date(value), 60)));
	return buf_view(&to);
}

/* Long values in pieces, so that lines can be folded. */
static void
put_tag(struct arena *arena, struct text key, const struct tag *tag,
	struct buf *to)
{
	struct text value = text_without_fws(arena, tag->value);
	size_t i;

	if (text_equal(tag->name, TEXT("i")))
		value = redact_address(arena, key, value);
	if (buf_view(to).len > 0)
		buf_string(to, "; ");
	buf_text(to, tag->name);
	buf_char(to, '=');
	for (i = 0; i < value.len; i++) {
		if (i > 0 && i % 64 == 0)
			buf_char(to, ' ');
		buf_char(to, ascii_is_graph(value.at[i]) ? value.at[i] : '?');
	}
}

/* z= holds copies of header fields. */
static struct text
tell_signature(struct arena *arena, struct text key,
	       const struct header_field *field)
{
	static const char *const told[] = {"v", "a", "c", "d", "s",  "t", "x",
					   "i", "q", "l", "h", "bh", "b"};
	struct tag_list list;
	const struct tag *tag;
	struct buf to;
	size_t i;

	if (!tag_list_parse(arena, field->value, &list, NULL))
		return TEXT("(not readable)");
	buf_init(&to, arena, VALUE_MOST);
	for (i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		tag = tag_list_find(&list, told[i]);
		if (tag != NULL)
			put_tag(arena, key, tag, &to);
	}
	return buf_view(&to);
}

static const struct {
	const char *name;
	redact_field tell;
} fields_told[] = {
    {"Received", tell_received},   {"DKIM-Signature", tell_signature},
    {"From", tell_text},	   {"Sender", tell_text},
    {"Reply-To", tell_text},	   {"To", tell_recipients},
    {"Cc", tell_recipients},	   {"Resent-From", tell_text},
    {"Resent-Sender", tell_text},  {"Subject", tell_text},
    {"Date", tell_text},	   {"Message-ID", tell_id},
    {"List-Id", tell_text},	   {"Precedence", tell_text},
    {"Auto-Submitted", tell_text}, {"MIME-Version", tell_text},
    {"Content-Type", tell_type},   {"Content-Transfer-Encoding", tell_type},
};

static redact_field
teller_of(struct text name)
{
	size_t i;

	for (i = 0; i < sizeof(fields_told) / sizeof(fields_told[0]); i++)
		if (text_equal_nocase(name, text_from(fields_told[i].name)))
			return fields_told[i].tell;
	return NULL;
}

/* "Name: value", folded at blanks. */
static struct text
folded(struct arena *arena, struct text name, struct text value)
{
	size_t line = name.len + 1;
	struct buf to;
	struct scan in;
	struct text word;

	buf_init(&to, arena, 3 * VALUE_MOST);
	buf_text(&to, name);
	buf_char(&to, ':');
	scan_init(&in, text_first(value, VALUE_MOST));
	while (scan_blank(&in), !scan_at_end(&in)) {
		word = scan_rest(&in);
		word = text_first(word, text_find(word, ' '));
		in.at += word.len;
		word = text_first(word, WORD_MOST);
		if (line + 1 + word.len > LINE_NEAR && line > 1) {
			buf_string(&to, "\r\n");
			line = 0;
		}
		buf_char(&to, ' ');
		buf_text(&to, word);
		line += 1 + word.len;
	}
	buf_string(&to, "\r\n");
	return buf_view(&to);
}

void
redact_header(struct arena *arena, struct text key,
	      const struct message *message, size_t most, struct buf *to)
{
	const struct header_field *field;
	redact_field tell;
	struct text line;
	size_t used = 0;

	for (field = message->top; field != NULL; field = field->below) {
		tell = teller_of(field->name);
		if (tell == NULL)
			continue;
		line = folded(arena, field->name, tell(arena, key, field));
		if (used + line.len > most)
			return;
		buf_text(to, line);
		used += line.len;
	}
}
