#include "mailauth/addr_spec.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/why.h"
#include "mailauth/cfws.h"
#include "mailauth/encoded_word.h"

bool
address_is_atext(char c)
{
	return ascii_is_alnum(c) || (unsigned char)c >= 0x80 ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

void
address_doubt(struct address_reader *reader, const char *reason)
{
	if (reader->doubt == NULL)
		reader->doubt = reason;
}

void
address_add_aside(struct address_reader *reader, struct text text)
{
	struct address_aside *aside;

	if (!text_has(text, '@'))
		return;
	aside = arena_new_value(reader->arena, struct address_aside);
	aside->text = text;
	aside->next = reader->asides;
	reader->asides = aside;
}

struct text
address_decode_words(struct address_reader *reader, struct text text)
{
	struct encoded_words words;

	encoded_words_decode(reader->arena, text, &words);
	return words.text;
}

/* --- lexical parts: RFC 5322 section 3.2 --- */

static bool
skip_comment(struct address_reader *reader, struct scan *in)
{
	const char *start = in->at;

	if (!cfws_skip_comment(in))
		return why_set(reader->why, "comment without an end");
	address_add_aside(
	    reader, address_decode_words(
			reader, text_of(start, (size_t)(in->at - start))));
	return true;
}

bool
address_skip_cfws(struct address_reader *reader, struct scan *in)
{
	for (;;) {
		scan_fws(in);
		if (scan_peek(in) != '(')
			return true;
		if (!skip_comment(reader, in))
			return false;
	}
}

bool
address_take_quoted(struct address_reader *reader, struct scan *in,
		    struct buf *to, bool *escaped)
{
	return cfws_take_quoted(in, to, escaped) ||
	       why_set(reader->why, "quoted string without an end");
}

/* --- addr-spec: sections 3.4.1 and 4.4 --- */

static bool
take_local_words(struct address_reader *reader, struct scan *in,
		 struct buf *local, bool *quoted)
{
	bool escaped;

	do {
		struct text atom;

		if (local->len > 0)
			buf_char(local, '.');
		if (!address_skip_cfws(reader, in))
			return false;
		if (scan_peek(in) == '"') {
			*quoted = true;
			if (!address_take_quoted(reader, in, local, &escaped))
				return false;
		} else {
			atom = scan_while(in, address_is_atext);
			if (atom.len == 0)
				return why_set(reader->why,
					       "local part lacks a word");
			buf_text(local, atom);
		}
		if (!address_skip_cfws(reader, in))
			return false;
	} while (scan_char(in, '.'));
	return true;
}

static bool
take_local(struct address_reader *reader, struct scan *in, struct text *local)
{
	struct encoded_words words;
	struct buf to;
	bool quoted = false;

	buf_init(&to, reader->arena, LIMIT_FIELD_BYTES);
	if (!take_local_words(reader, in, &to, &quoted))
		return false;
	*local = buf_view(&to);
	if (!utf8_is_valid(*local))
		return why_set(reader->why, "local part is not UTF-8");
	encoded_words_decode(reader->arena, *local, &words);
	if (words.found)
		address_doubt(reader, "encoded word in a local part");
	if (quoted)
		address_add_aside(reader, *local);
	return true;
}

/* A domain literal has no domain. */
static bool
take_literal(struct address_reader *reader, struct scan *in)
{
	while (!scan_at_end(in) && *in->at != '[' && *in->at != '\\')
		if (*in->at++ == ']')
			return true;
	return why_set(reader->why, "broken address literal");
}

/* CFWS where some readers end a domain. */
static bool
skip_cfws_in_domain(struct address_reader *reader, struct scan *in)
{
	const char *start = in->at;

	if (!address_skip_cfws(reader, in))
		return false;
	if (in->at != start)
		address_doubt(reader, "comment or space inside a domain");
	return true;
}

static bool
take_labels(struct address_reader *reader, struct scan *in, struct buf *name)
{
	struct scan before;
	struct text atom;

	for (;;) {
		atom = scan_while(in, address_is_atext);
		if (atom.len == 0)
			return why_set(reader->why, "domain lacks a label");
		if (atom.at[0] == '-' || atom.at[atom.len - 1] == '-')
			return why_set(reader->why,
				       "label with a hyphen at its edge");
		buf_text(name, atom);
		before = *in;
		if (!address_skip_cfws(reader, in))
			return false;
		if (!scan_char(in, '.'))
			return true;
		*in = before;
		if (!skip_cfws_in_domain(reader, in))
			return false;
		scan_char(in, '.');
		buf_char(name, '.');
		if (!skip_cfws_in_domain(reader, in))
			return false;
	}
}

bool
address_take_domain(struct address_reader *reader, struct scan *in,
		    struct domain *domain)
{
	struct buf name;

	domain->name = text_of(NULL, 0);
	if (!skip_cfws_in_domain(reader, in))
		return false;
	if (scan_char(in, '['))
		return take_literal(reader, in) &&
		       address_skip_cfws(reader, in);
	buf_init(&name, reader->arena, LIMIT_FIELD_BYTES);
	return take_labels(reader, in, &name) &&
	       domain_parse(reader->arena, buf_view(&name), domain,
			    reader->why);
}

static bool
is_dot_atom(struct text text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		if (!address_is_atext(text.at[i]) &&
		    (text.at[i] != '.' || i == 0 || i + 1 == text.len ||
		     text.at[i - 1] == '.'))
			return false;
	return text.len > 0;
}

static void
write_address(struct address_reader *reader, struct mailbox *mailbox,
	      struct text literal)
{
	struct buf to;
	size_t i;

	buf_init(&to, reader->arena, 3 * LIMIT_FIELD_BYTES);
	if (is_dot_atom(mailbox->local)) {
		buf_text(&to, mailbox->local);
	} else {
		buf_char(&to, '"');
		for (i = 0; i < mailbox->local.len; i++) {
			char c = mailbox->local.at[i];

			if (c == '"' || c == '\\')
				buf_char(&to, '\\');
			buf_char(&to, c);
		}
		buf_char(&to, '"');
	}
	buf_char(&to, '@');
	buf_text(&to, domain_is_set(mailbox->domain) ? mailbox->domain.name
						     : text_trim(literal));
	mailbox->address = buf_view(&to);
}

bool
address_take_addr_spec(struct address_reader *reader, struct scan *in,
		       struct mailbox *mailbox)
{
	const char *start;

	if (!take_local(reader, in, &mailbox->local))
		return false;
	if (!scan_char(in, '@'))
		return why_set(reader->why, "address without '@'");
	start = in->at;
	if (!address_take_domain(reader, in, &mailbox->domain))
		return false;
	write_address(reader, mailbox,
		      text_of(start, (size_t)(in->at - start)));
	return true;
}

bool
address_take_whole(struct address_reader *reader, struct text text,
		   struct mailbox *mailbox)
{
	struct scan in;

	scan_init(&in, text);
	if (!address_take_addr_spec(reader, &in, mailbox))
		return false;
	if (!scan_at_end(&in))
		return why_set(reader->why, "text behind an address");
	return true;
}
