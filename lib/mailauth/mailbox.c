#include "mailauth/mailbox.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"
#include "mailauth/addr_spec.h"
#include "mailauth/cfws.h"
#include "mailauth/encoded_word.h"

struct phrase {
	struct text text;
	bool at;      /* an '@' outside quotes and comments */
	bool escaped; /* a backslash inside quotes */
};

/* --- mailboxes and groups: sections 3.4 and 4.4 --- */

static bool
skip_route(struct address_reader *reader, struct scan *in)
{
	struct domain domain;

	address_doubt(reader, "source route");
	for (;;) {
		if (!address_skip_cfws(reader, in))
			return false;
		if (scan_char(in, ','))
			continue;
		if (!scan_char(in, '@'))
			break;
		if (!address_take_domain(reader, in, &domain))
			return false;
	}
	if (!scan_char(in, ':'))
		return why_set(reader->why, "source route without ':'");
	return true;
}

static bool
take_angle(struct address_reader *reader, struct scan *in,
	   struct mailbox *mailbox)
{
	scan_char(in, '<');
	if (!address_skip_cfws(reader, in))
		return false;
	if ((scan_peek(in) == '@' || scan_peek(in) == ',') &&
	    !skip_route(reader, in))
		return false;
	if (!address_take_addr_spec(reader, in, mailbox))
		return false;
	if (!scan_char(in, '>'))
		return why_set(reader->why, "'<' without '>'");
	return address_skip_cfws(reader, in);
}

/* Words, dots and what else people put into display names; also runs over a
 * bare addr-spec. */
static bool
skip_phrase(struct address_reader *reader, struct scan *in,
	    struct phrase *phrase)
{
	const char *start = in->at;

	*phrase = (struct phrase){.at = false};
	for (;;) {
		char c;

		if (!address_skip_cfws(reader, in))
			return false;
		c = scan_peek(in);
		if (c == '"') {
			if (!address_take_quoted(reader, in, NULL,
						 &phrase->escaped))
				return false;
		} else if (c == '[' && phrase->at) {
			scan_until(in, ']');
		} else if (c == '@') {
			phrase->at = true;
			in->at++;
		} else if (c == '.' || c == '[' || c == ']') {
			in->at++;
		} else if (scan_while(in, address_is_atext).len == 0) {
			break;
		}
	}
	phrase->text = text_trim(text_of(start, (size_t)(in->at - start)));
	return true;
}

/* The display name of an angle address. */
static void
note_display(struct address_reader *reader, const struct phrase *phrase)
{
	if (phrase->at || phrase->escaped)
		address_add_aside(reader,
				  address_decode_words(reader, phrase->text));
}

/* Words that have no address of their own. */
static void
note_fragment(struct address_reader *reader, const struct phrase *phrase)
{
	address_add_aside(reader, address_decode_words(reader, phrase->text));
}

static bool
add_mailbox(struct address_reader *reader, const struct mailbox *mailbox)
{
	if (reader->list->count >= LIMIT_FROM_MAILBOXES)
		return why_set(reader->why, "more than %d addresses",
			       LIMIT_FROM_MAILBOXES);
	*reader->last = arena_copy(reader->arena, mailbox, sizeof(*mailbox));
	reader->last = &(*reader->last)->next;
	reader->list->count++;
	return true;
}

/* One mailbox whose phrase was read; or nothing between two commas. */
static bool
take_mailbox(struct address_reader *reader, struct scan *in,
	     const struct phrase *phrase)
{
	struct mailbox mailbox = {.next = NULL};

	if (scan_peek(in) == '<') {
		mailbox.display = phrase->text;
		note_display(reader, phrase);
		if (!take_angle(reader, in, &mailbox))
			return false;
	} else if (phrase->at) {
		if (!address_take_whole(reader, phrase->text, &mailbox))
			return false;
	} else {
		note_fragment(reader, phrase);
		return true;
	}
	return add_mailbox(reader, &mailbox);
}

static bool
take_group(struct address_reader *reader, struct scan *in,
	   const struct phrase *name)
{
	struct phrase phrase;

	if (name->text.len == 0 || name->at)
		return why_set(reader->why, "':' where no group has a name");
	note_fragment(reader, name);
	scan_char(in, ':');
	do
		if (!skip_phrase(reader, in, &phrase) ||
		    !take_mailbox(reader, in, &phrase))
			return false;
	while (scan_char(in, ','));
	if (!scan_char(in, ';'))
		return why_set(reader->why, "group without ';'");
	return address_skip_cfws(reader, in);
}

/* Encoded words of the whole field: some readers decode them before they look
 * for brackets and commas. */
static void
note_encoded_words(struct address_reader *reader, struct text text)
{
	struct encoded_words words;

	encoded_words_decode(reader->arena, text, &words);
	if (words.control)
		address_doubt(reader, "encoded word with a control byte");
	if (words.opaque)
		address_doubt(reader,
			      "encoded word in a charset that hides ASCII");
	if (text_has(words.inside, '<') || text_has(words.inside, ',') ||
	    text_has(words.inside, ';'))
		address_add_aside(reader, words.inside);
}

static bool
take_list(struct address_reader *reader, struct scan *in)
{
	struct phrase phrase;
	bool good;

	do {
		if (!skip_phrase(reader, in, &phrase))
			return false;
		if (scan_peek(in) == ':')
			good = take_group(reader, in, &phrase);
		else
			good = take_mailbox(reader, in, &phrase);
		if (!good)
			return false;
	} while (scan_char(in, ','));
	if (!scan_at_end(in))
		return why_set(reader->why,
			       "byte 0x%02x where an address list ends",
			       (unsigned char)*in->at);
	return true;
}

/* --- addresses beside the addresses --- */

static bool
is_domain_byte(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' ||
	       (unsigned char)c >= 0x80;
}

static bool
list_has_domain(const struct mailbox_list *list, struct domain domain)
{
	const struct mailbox *mailbox;

	for (mailbox = list->first; mailbox != NULL; mailbox = mailbox->next)
		if (domain_equal(mailbox->domain, domain))
			return true;
	return false;
}

/* Whether the text behind an '@' could be a domain that no mailbox has.  What
 * is no domain to us may be one to a reader who ends it elsewhere, at a space
 * of Unicode for example. */
static bool
is_foreign(struct address_reader *reader, struct text name)
{
	struct domain domain;

	while (name.len > 0 && name.at[name.len - 1] == '.')
		name.len--;
	if (!text_has(name, '.'))
		return false;
	return !domain_parse(reader->arena, name, &domain, NULL) ||
	       !list_has_domain(reader->list, domain);
}

static void
judge_asides(struct address_reader *reader)
{
	const struct address_aside *aside;
	struct scan in;
	unsigned seen = 0;

	for (aside = reader->asides; aside != NULL; aside = aside->next) {
		scan_init(&in, aside->text);
		for (;;) {
			scan_until(&in, '@');
			if (scan_at_end(&in))
				break;
			if (++seen > 2 * LIMIT_FROM_MAILBOXES ||
			    is_foreign(reader,
				       scan_while(&in, is_domain_byte))) {
				address_doubt(reader,
					      "other address beside the "
					      "address");
				return;
			}
		}
	}
}

bool
mailbox_parse_addr_spec(struct arena *arena, struct text text,
			struct mailbox *mailbox, struct why *why)
{
	struct address_reader reader = {.arena = arena, .why = why};

	*mailbox = (struct mailbox){.next = NULL};
	if (text.len > LIMIT_FIELD_BYTES)
		return why_set(why, "address of %zu bytes", text.len);
	if (!cfws_is_clean(text, why) ||
	    !address_take_whole(&reader, text, mailbox))
		return false;
	if (!domain_is_set(mailbox->domain))
		return why_set(why, "address literal instead of a domain");
	return true;
}

bool
mailbox_parse_list(struct arena *arena, struct text text,
		   struct mailbox_list *list, struct why *why)
{
	struct address_reader reader = {
	    .arena = arena, .list = list, .last = &list->first, .why = why};
	struct scan in;

	*list = (struct mailbox_list){.first = NULL};
	if (text.len > LIMIT_FIELD_BYTES)
		return why_set(why, "address field of %zu bytes", text.len);
	scan_init(&in, text);
	if (!cfws_is_clean(text, why) || !take_list(&reader, &in))
		return false;
	note_encoded_words(&reader, text);
	judge_asides(&reader);
	list->doubt = reader.doubt;
	return true;
}
