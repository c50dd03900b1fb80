#include "judge/message_fields.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/mime.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "judge/junk_tokens.h"
#include "judge/junk_words.h"

/* of one field: thousands of recipients say no more than hundreds */
#define VALUE_BYTES 16384

struct field {
	struct text name, value;
};

struct known {
	struct text name, prefix;
	bool has_addresses;
};

static const struct known read_fields[] = {
    {TEXT_INIT("From"), TEXT_INIT("From:"), true},
    {TEXT_INIT("To"), TEXT_INIT("To:"), true},
    {TEXT_INIT("Cc"), TEXT_INIT("Cc:"), true},
    {TEXT_INIT("Bcc"), TEXT_INIT("Bcc:"), true},
    {TEXT_INIT("Reply-To"), TEXT_INIT("Reply-To:"), true},
    {TEXT_INIT("Sender"), TEXT_INIT("Sender:"), true},
    {TEXT_INIT("Return-Path"), TEXT_INIT("Return-Path:"), true},
    {TEXT_INIT("Subject"), TEXT_INIT("Subject:"), false},
    {TEXT_INIT("List-Id"), TEXT_INIT("List-Id:"), false},
    {TEXT_INIT("User-Agent"), TEXT_INIT("Mailer:"), false},
    {TEXT_INIT("X-Mailer"), TEXT_INIT("Mailer:"), false},
};

/* They are there, or not. */
static const struct text noted_fields[] = {
    TEXT_INIT("in-reply-to"),
    TEXT_INIT("references"),
    TEXT_INIT("list-unsubscribe"),
    TEXT_INIT("list-post"),
    TEXT_INIT("precedence"),
    TEXT_INIT("auto-submitted"),
    TEXT_INIT("x-priority"),
    TEXT_INIT("message-id"),
    TEXT_INIT("date"),
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* One field with the lines it continues on; false at the end of the header. */
static bool
take_field(struct scan *in, struct field *field)
{
	struct text rest = scan_rest(in);
	size_t colon = text_find(rest, ':'), end = 0;

	if (rest.len == 0 || rest.at[0] == '\n' || rest.at[0] == '\r')
		return false;
	do
		end += text_find(text_skip(rest, end), '\n') + 1;
	while (end < rest.len && ascii_is_wsp(rest.at[end]));
	if (end > rest.len)
		end = rest.len;
	in->at += end;
	rest = text_first(rest, end);
	field->name = text_trim(text_first(rest, colon));
	field->value = text_first(text_skip(rest, colon + 1), VALUE_BYTES);
	return true;
}

/* Without line breaks, zero bytes as spaces. */
static struct text
unfolded(struct arena *arena, struct text value)
{
	char *to = arena_bytes(arena, value.len + 1);
	size_t i, len = 0;

	for (i = 0; i < value.len; i++)
		if (value.at[i] != '\r' && value.at[i] != '\n')
			to[len++] = value.at[i] != '\0' ? value.at[i] : ' ';
	return text_trim(text_of(to, len));
}

static bool
is_domain_byte(char c)
{
	return ascii_is_alnum(c) || c == '.' || c == '-' ||
	       (unsigned char)c >= 0x80;
}

/* "@example.com" of each address. */
static void
add_domains(struct arena *arena, struct junk_set *set, struct text prefix,
	    struct text value)
{
	struct text domain;
	struct scan in;

	scan_init(&in, value);
	while (!scan_at_end(&in)) {
		scan_until(&in, '@');
		if (scan_at_end(&in))
			break;
		in.at--;
		domain = scan_rest(&in);
		in.at++;
		domain.len = scan_while(&in, is_domain_byte).len + 1;
		if (domain.len > 3 && domain.len <= LIMIT_JUNK_WORD_BYTES &&
		    utf8_is_valid(domain))
			junk_set_add(set, prefix, text_lower(arena, domain));
	}
}

static void
add_field(struct arena *arena, struct junk_set *set, const struct field *field)
{
	struct text value;
	size_t i;

	for (i = 0; i < COUNT(noted_fields); i++)
		if (text_equal_nocase(field->name, noted_fields[i]))
			junk_set_add(set, TEXT("has:"), noted_fields[i]);
	for (i = 0; i < COUNT(read_fields); i++) {
		const struct known *known = &read_fields[i];

		if (!text_equal_nocase(field->name, known->name))
			continue;
		value = mime_decode_words(arena, unfolded(arena, field->value));
		junk_words_add(arena, set, known->prefix, value);
		if (known->has_addresses)
			add_domains(arena, set, known->prefix, value);
	}
}

void
message_fields_add(struct arena *arena, struct junk_set *set,
		   struct text message)
{
	struct field field;
	struct scan in;
	size_t count = 0;

	scan_init(&in, message);
	if (text_starts(message, TEXT("From ")))
		scan_until(&in, '\n');
	while (count++ < LIMIT_JUNK_FIELDS && take_field(&in, &field))
		add_field(arena, set, &field);
}
