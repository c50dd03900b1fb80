#include "mailauth/redact.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/scan.h"
#include "mailauth/encoded_word.h"

/* of free text */
#define INPUT_MOST 4096

/* keeps these tokens apart from other codes made with the same key */
static const char purpose[] = "signet redacted local part";

struct text
redact_local(struct arena *arena, struct text key, struct text local)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char mac[CRYPTO_HASH_BYTES_MAX];
	char *to = arena_bytes(arena, REDACT_TOKEN_CHARS);
	struct buf message;
	uint64_t held = 0;
	size_t i;

	buf_init(&message, arena, sizeof(purpose) + LIMIT_FIELD_BYTES);
	buf_text(&message, text_of(purpose, sizeof(purpose)));
	buf_text(&message, text_lower(arena, local));
	crypto_hmac_sha256(key, buf_view(&message), mac);
	for (i = 0; i < REDACT_TOKEN_CHARS; i++) {
		if (i % 8 == 0)
			held = (uint64_t)mac[i / 8 * 5] << 32 |
			       (uint64_t)mac[i / 8 * 5 + 1] << 24 |
			       (uint64_t)mac[i / 8 * 5 + 2] << 16 |
			       (uint64_t)mac[i / 8 * 5 + 3] << 8 |
			       mac[i / 8 * 5 + 4];
		to[i] = digits[held >> (35 - i % 8 * 5) & 31];
	}
	return text_of(to, REDACT_TOKEN_CHARS);
}

static bool
is_host_char(char c)
{
	return ascii_is_alnum(c) || c == '.' || c == '-' || c == '_' ||
	       c == '[' || c == ']' || c == ':';
}

/* Foreign text as a host: other characters become '?'. */
static void
put_host(struct buf *to, struct text host)
{
	size_t i;

	for (i = 0; i < host.len && i < LIMIT_DOMAIN_BYTES; i++)
		buf_char(to, is_host_char(host.at[i]) ? host.at[i] : '?');
}

struct text
redact_address(struct arena *arena, struct text key, struct text address)
{
	size_t at = text_find_last(address, '@');
	struct buf to;

	if (address.len == 0)
		return address;
	if (at == address.len)
		return redact_local(arena, key, address);
	buf_init(&to, arena, REDACT_TOKEN_CHARS + 1 + LIMIT_DOMAIN_BYTES);
	buf_text(&to, redact_local(arena, key, text_first(address, at)));
	buf_char(&to, '@');
	put_host(&to, text_skip(address, at + 1));
	return buf_view(&to);
}

/* --- free text --- */

/* What stands for '@' elsewhere: in links, and full width. */
static struct text
with_plain_at(struct arena *arena, struct text text)
{
	struct buf to;
	size_t i;

	buf_init(&to, arena, text.len);
	for (i = 0; i < text.len; i++) {
		if (text_starts(text_skip(text, i), TEXT("%40")) ||
		    text_starts(text_skip(text, i), TEXT("\xef\xbc\xa0")) ||
		    text_starts(text_skip(text, i), TEXT("\xef\xb9\xab"))) {
			buf_char(&to, '@');
			i += 2;
		} else {
			buf_char(&to, text.at[i]);
		}
	}
	return buf_view(&to);
}

static bool
is_word_char(char c)
{
	return c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != '<' &&
	       c != '>' && c != '(' && c != ')' && c != ',' && c != ';' &&
	       c != '"';
}

static bool
is_no_blank(char c)
{
	return !ascii_is_fws(c) && c != '<' && c != '>' && c != '"';
}

static bool
is_link_host_end(char c)
{
	return c == '/' || c == '?' || c == '#' || c == '\\' || c == '&';
}

static void
put_printable(struct buf *to, struct text text)
{
	size_t i;

	for (i = 0; i < text.len; i++)
		buf_char(to, text.at[i] == ' ' || ascii_is_graph(text.at[i])
				 ? text.at[i]
				 : '?');
}

static void
put_scheme(struct buf *to, struct text scheme)
{
	if (text_ends_nocase(scheme, TEXT("https")))
		buf_string(to, "hxxps://");
	else if (text_ends_nocase(scheme, TEXT("http")))
		buf_string(to, "hxxp://");
	else
		buf_string(to, "link[:]//");
}

/* "user:password@host:port/path": the host alone. */
static void
put_link_rest(struct buf *to, struct text rest)
{
	struct text host;
	size_t end = 0;

	while (end < rest.len && !is_link_host_end(rest.at[end]))
		end++;
	host = text_first(rest, end);
	if (text_has(host, '@'))
		host = text_skip(host, text_find_last(host, '@') + 1);
	put_host(to, host);
	if (end < rest.len)
		buf_string(to, "/...");
}

/* A link without a scheme: "www.example.com/path", "example.com/path". */
static bool
is_bare_link(struct text word)
{
	size_t slash = text_find(word, '/');

	return slash < word.len && text_find(word, '.') < slash;
}

static void
put_word(struct buf *to, struct text key, struct text word)
{
	size_t at = text_find_last(word, '@');

	if (is_bare_link(word)) {
		put_link_rest(to, word);
	} else if (at < word.len) {
		buf_text(to,
			 redact_local(to->arena, key, text_first(word, at)));
		buf_char(to, '@');
		put_host(to, text_skip(word, at + 1));
	} else {
		put_printable(to, word);
	}
}

/* Where "scheme://" begins its "://", or the length. */
static size_t
find_scheme_end(struct text text)
{
	size_t i;

	for (i = 0; i + 2 < text.len; i++)
		if (text.at[i] == ':' && text.at[i + 1] == '/' &&
		    text.at[i + 2] == '/')
			return i;
	return text.len;
}

/* A link takes all up to the next blank: brackets and commas are part of
 * more links than they end. */
static bool
take_link(struct scan *in, struct buf *to)
{
	const char *start = in->at;
	struct text run = scan_while(in, is_no_blank);
	size_t scheme = find_scheme_end(run);

	if (scheme == run.len) {
		in->at = start;
		return false;
	}
	put_scheme(to, text_first(run, scheme));
	put_link_rest(to, text_skip(run, scheme + 3));
	return true;
}

/* `"local part"@`: quoted strings may hold blanks. */
static bool
take_quoted_local(struct scan *in, struct buf *to, struct text key)
{
	struct text rest = text_skip(scan_rest(in), 1);
	size_t end = text_find(rest, '"');

	if (scan_peek(in) != '"' || end + 1 >= rest.len ||
	    rest.at[end + 1] != '@')
		return false;
	buf_text(to, redact_local(to->arena, key, text_first(rest, end)));
	in->at += end + 2;
	return true;
}

/* Cut between words: half an address would not look like one. */
static struct text
cut(struct text text)
{
	if (text.len <= INPUT_MOST)
		return text;
	text = text_first(text, INPUT_MOST);
	while (text.len > 0 && !ascii_is_fws(text.at[text.len - 1]))
		text.len--;
	return text;
}

struct text
redact_text(struct arena *arena, struct text key, struct text text)
{
	struct encoded_words words;
	struct scan in;
	struct buf to;
	struct text word;

	encoded_words_decode(arena, cut(text), &words);
	if (words.opaque)
		return TEXT("?");
	/* a token takes the place of as little as "@" */
	buf_init(&to, arena, (REDACT_TOKEN_CHARS + 1) * INPUT_MOST);
	scan_init(&in, with_plain_at(arena, words.text));
	while (!scan_at_end(&in)) {
		if (take_link(&in, &to) || take_quoted_local(&in, &to, key))
			continue;
		word = scan_while(&in, is_word_char);
		if (word.len > 0) {
			put_word(&to, key, word);
		} else {
			put_printable(&to, text_of(in.at, 1));
			in.at++;
		}
	}
	return buf_view(&to);
}
