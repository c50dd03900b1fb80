#include "mailauth/encoded_word.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/scan.h"

struct word {
	struct text charset, data;
	bool is_base64;
};

static bool
is_token_byte(char c)
{
	return ascii_is_graph(c) && c != '?' && c != '=';
}

/* RFC 2047 section 2, but `data` ends at "?=" only.  The language of RFC 2231
 * ("charset*language") stays part of the charset. */
static bool
take_word(struct scan *in, struct word *word)
{
	struct scan ahead = *in;
	struct text rest;
	size_t end;

	if (!scan_string(&ahead, "=?"))
		return false;
	word->charset = scan_while(&ahead, is_token_byte);
	if (word->charset.len == 0 || !scan_char(&ahead, '?'))
		return false;
	if (scan_string_nocase(&ahead, "b?"))
		word->is_base64 = true;
	else if (scan_string_nocase(&ahead, "q?"))
		word->is_base64 = false;
	else
		return false;
	rest = scan_rest(&ahead);
	for (end = text_find(rest, '?'); end + 1 < rest.len; end++) {
		if (rest.at[end] != '?' || rest.at[end + 1] != '=')
			continue;
		word->data = text_first(rest, end);
		in->at = rest.at + end + 2;
		return true;
	}
	return false;
}

/* -1 for a byte that is not of the alphabet. */
static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* What any decoder could make of it: foreign bytes are passed over. */
static size_t
decode_base64(char *to, struct text data)
{
	unsigned bits = 0, held = 0;
	size_t i, len = 0;

	for (i = 0; i < data.len; i++) {
		int value = base64_value(data.at[i]);

		if (value < 0)
			continue;
		bits = (bits << 6 | (unsigned)value) & 0xffff;
		held += 6;
		if (held >= 8) {
			held -= 8;
			to[len++] = (char)(bits >> held & 0xff);
		}
	}
	return len;
}

static size_t
decode_q(char *to, struct text data)
{
	size_t i, len = 0;

	for (i = 0; i < data.len; i++) {
		char c = data.at[i];

		if (c == '=' && data.len - i > 2 &&
		    ascii_is_hex(data.at[i + 1]) &&
		    ascii_is_hex(data.at[i + 2])) {
			c = (char)(ascii_hex_value(data.at[i + 1]) << 4 |
				   ascii_hex_value(data.at[i + 2]));
			i += 2;
		} else if (c == '_') {
			c = ' ';
		}
		to[len++] = c;
	}
	return len;
}

/* ISO-2022-*: ESC $ begins two-byte text, ESC ( a one-byte set; SO and SI
 * switch too.  Only what is in a one-byte set is kept. */
static size_t
keep_single_bytes_iso2022(char *at, size_t len)
{
	bool wide = false, shifted = false;
	size_t i, kept = 0;

	for (i = 0; i < len; i++) {
		if (at[i] == 0x1b && len - i > 2) {
			wide = at[i + 1] == '$';
			i += wide && len - i > 3 &&
				     (at[i + 2] == '(' || at[i + 2] == ')')
				 ? 3
				 : 2;
			/* ESC $ ) only says what SO will mean */
			if (wide && at[i - 1] == ')')
				wide = false;
		} else if (at[i] == 0x0e || at[i] == 0x0f) {
			shifted = at[i] == 0x0e;
		} else if (!wide && !shifted) {
			at[kept++] = at[i];
		}
	}
	return kept;
}

/* HZ (RFC 1843): ~{ two-byte text ~} */
static size_t
keep_single_bytes_hz(char *at, size_t len)
{
	bool wide = false;
	size_t i, kept = 0;

	for (i = 0; i < len; i++) {
		if (at[i] == '~' && len - i > 1 &&
		    (at[i + 1] == '{' || at[i + 1] == '}')) {
			wide = at[i + 1] == '{';
			i++;
		} else if (!wide) {
			at[kept++] = at[i];
		}
	}
	return kept;
}

static bool
hides_ascii(struct text charset)
{
	return text_starts_nocase(charset, TEXT("utf-7")) ||
	       text_starts_nocase(charset, TEXT("utf7")) ||
	       text_starts_nocase(charset, TEXT("unicode-1-1-utf-7")) ||
	       text_starts_nocase(charset, TEXT("utf-16")) ||
	       text_starts_nocase(charset, TEXT("utf16")) ||
	       text_starts_nocase(charset, TEXT("utf-32")) ||
	       text_starts_nocase(charset, TEXT("utf32")) ||
	       text_starts_nocase(charset, TEXT("iso-10646-ucs")) ||
	       text_starts_nocase(charset, TEXT("ucs-")) ||
	       text_starts_nocase(charset, TEXT("ebcdic")) ||
	       text_starts_nocase(charset, TEXT("ibm037"));
}

static bool
has_control(const char *at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (((unsigned char)at[i] < ' ' && at[i] != '\t') ||
		    at[i] == 0x7f)
			return true;
	return false;
}

static size_t
decode_word(char *to, const struct word *word, struct encoded_words *words)
{
	size_t len = word->is_base64 ? decode_base64(to, word->data)
				     : decode_q(to, word->data);

	words->found = true;
	if (text_starts_nocase(word->charset, TEXT("iso-2022-")))
		len = keep_single_bytes_iso2022(to, len);
	else if (text_starts_nocase(word->charset, TEXT("hz")))
		len = keep_single_bytes_hz(to, len);
	if (hides_ascii(word->charset))
		words->opaque = true;
	else if (has_control(to, len))
		words->control = true;
	return len;
}

/* Space between two encoded words is not shown (RFC 2047 section 6.2). */
static void
skip_space_before_word(struct scan *in)
{
	struct scan ahead = *in;

	scan_fws(&ahead);
	if (text_starts(scan_rest(&ahead), TEXT("=?")))
		*in = ahead;
}

/* Where the last "?=" ends; 0 if there is none. */
static size_t
last_end(struct text text)
{
	size_t i;

	for (i = text.len; i >= 2; i--)
		if (text.at[i - 2] == '?' && text.at[i - 1] == '=')
			return i;
	return 0;
}

void
encoded_words_decode(struct arena *arena, struct text text,
		     struct encoded_words *words)
{
	struct scan in;
	struct word word;
	char *to, *inside;
	size_t len = 0, inside_len = 0, got;

	*words = (struct encoded_words){.text = text};
	if (text_find(text, '?') == text.len)
		return;
	/* behind the last "?=" no word ends */
	scan_init(&in, text_first(text, last_end(text)));
	to = arena_bytes(arena, text.len);
	inside = arena_bytes(arena, text.len);
	while (!scan_at_end(&in)) {
		if (take_word(&in, &word)) {
			got = decode_word(to + len, &word, words);
			memcpy(inside + inside_len, to + len, got);
			len += got;
			inside_len += got;
			skip_space_before_word(&in);
		} else {
			to[len++] = *in.at++;
		}
	}
	if (!words->found)
		return;
	text = text_skip(text, last_end(text));
	if (text.len > 0)
		memcpy(to + len, text.at, text.len);
	words->text = text_of(to, len + text.len);
	words->inside = text_of(inside, inside_len);
}
