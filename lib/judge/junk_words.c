#include "judge/junk_words.h"

#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "judge/junk_tokens.h"

/* letters that must stand one by one to be read together */
#define SPELLED_LEAST 4
/* what has fewer bytes is no word */
#define WORD_LEAST 3
#define RANDOM_RUN 6
#define DIGITS_RUN 4

struct splitter {
	struct junk_set *set;
	struct text prefix;
	char word[LIMIT_JUNK_WORD_BYTES], spelled[LIMIT_JUNK_WORD_BYTES];
	size_t len, letters, spelled_len, spelled_letters, gap, count;
	uint32_t ideograph; /* the one before, or 0 */
	bool paired;	    /* it stood in a pair */
	bool too_long, latin, alike, hidden;
};

/* --- which words are kept --- */

static bool
is_consonant_like(char c)
{
	if (ascii_is_digit(c))
		return c >= '2';
	return ascii_is_alpha(c) && memchr("aeiouy", c, 6) == NULL;
}

/* As of keys hit by chance, or of base64. */
static bool
looks_random(struct text word)
{
	size_t i, run = 0;

	for (i = 0; i < word.len; i++) {
		if ((unsigned char)word.at[i] >= 0x80)
			return false;
		run = is_consonant_like(word.at[i]) ? run + 1 : 0;
		if (run >= RANDOM_RUN)
			return true;
	}
	return false;
}

static size_t
longest_digits(struct text word)
{
	size_t i, run = 0, most = 0;

	for (i = 0; i < word.len; i++) {
		run = ascii_is_digit(word.at[i]) ? run + 1 : 0;
		if (run > most)
			most = run;
	}
	return most;
}

static bool
is_hexadecimal(struct text word)
{
	size_t i;

	if (text_starts(word, TEXT("0x")))
		word = text_skip(word, 2);
	for (i = 0; i < word.len; i++)
		if (!ascii_is_hex(word.at[i]))
			return false;
	return true;
}

static bool
is_number(struct text word)
{
	size_t digits = longest_digits(word);

	return digits == word.len || digits >= DIGITS_RUN ||
	       (digits >= DIGITS_RUN - 1 && is_hexadecimal(word));
}

static bool
is_word(struct text word)
{
	return word.len >= WORD_LEAST && !is_number(word) &&
	       !looks_random(word);
}

static void
add_word(struct splitter *splitter, struct text word)
{
	splitter->count++;
	if (is_word(word))
		junk_set_add(splitter->set, splitter->prefix, word);
}

/* --- letters one by one --- */

static void
end_spelled(struct splitter *splitter)
{
	if (splitter->spelled_letters >= SPELLED_LEAST)
		add_word(splitter,
			 text_of(splitter->spelled, splitter->spelled_len));
	splitter->spelled_len = splitter->spelled_letters = 0;
}

/* A word has ended, with `gap` other characters before it. */
static void
spell(struct splitter *splitter)
{
	if (splitter->letters != 1) {
		end_spelled(splitter);
		return;
	}
	if (splitter->gap != 1)
		end_spelled(splitter);
	if (splitter->spelled_len + splitter->len > sizeof(splitter->spelled))
		end_spelled(splitter);
	memcpy(splitter->spelled + splitter->spelled_len, splitter->word,
	       splitter->len);
	splitter->spelled_len += splitter->len;
	splitter->spelled_letters++;
}

/* --- character by character --- */

static void
end_word(struct splitter *splitter)
{
	if (splitter->len == 0 && !splitter->too_long)
		return;
	if (splitter->too_long) {
		splitter->count++;
		end_spelled(splitter);
	} else {
		spell(splitter);
		add_word(splitter, text_of(splitter->word, splitter->len));
	}
	if (splitter->latin && splitter->alike)
		junk_set_add(splitter->set, TEXT("text:"),
			     TEXT("mixed-scripts"));
	splitter->len = splitter->letters = splitter->gap = 0;
	splitter->too_long = splitter->latin = splitter->alike = false;
}

static void
end_ideograph(struct splitter *splitter)
{
	char one[4];

	if (splitter->ideograph != 0 && !splitter->paired)
		add_word(splitter,
			 text_of(one, utf8_put(one, splitter->ideograph)));
	splitter->ideograph = 0;
	splitter->paired = false;
}

static void
put_ideograph(struct splitter *splitter, uint32_t c)
{
	char pair[8];
	size_t len;

	end_word(splitter);
	end_spelled(splitter);
	if (splitter->ideograph != 0) {
		len = utf8_put(pair, splitter->ideograph);
		len += utf8_put(pair + len, c);
		add_word(splitter, text_of(pair, len));
		splitter->paired = true;
	}
	splitter->ideograph = c;
}

static void
put_in_word(struct splitter *splitter, uint32_t c)
{
	char bytes[4];
	size_t len;

	end_ideograph(splitter);
	if (splitter->hidden && splitter->len > 0)
		junk_set_add(splitter->set, TEXT("text:"),
			     TEXT("hidden-inside"));
	splitter->hidden = false;
	splitter->latin |= c < 0x80 && ascii_is_alpha((char)c);
	splitter->alike |= c >= 0x80 && utf8_looks_latin(c);
	len = utf8_put(bytes, c < 0x80 ? (uint32_t)ascii_lower((char)c)
				       : utf8_lower(c));
	if (splitter->len + len > sizeof(splitter->word)) {
		splitter->too_long = true;
		return;
	}
	memcpy(splitter->word + splitter->len, bytes, len);
	splitter->len += len;
	splitter->letters++;
}

static void
put_other(struct splitter *splitter)
{
	end_word(splitter);
	end_ideograph(splitter);
	splitter->hidden = false;
	splitter->gap++;
}

static enum utf8_kind
kind_of(uint32_t c)
{
	if (c >= 0x80)
		return utf8_kind(c);
	if (ascii_is_alpha((char)c))
		return UTF8_LETTER;
	return ascii_is_digit((char)c) ? UTF8_DIGIT : UTF8_OTHER;
}

/* One that stands between two letters. */
static bool
is_apostrophe(const struct splitter *splitter, uint32_t c, struct text rest)
{
	uint32_t next;

	if (c != '\'' && c != 0x2019)
		return false;
	return splitter->len > 0 && utf8_character(rest, &next) > 0 &&
	       kind_of(next) == UTF8_LETTER;
}

static void
put(struct splitter *splitter, uint32_t c, struct text rest)
{
	enum utf8_kind kind = kind_of(c);

	if (kind == UTF8_OTHER && is_apostrophe(splitter, c, rest)) {
		put_in_word(splitter, '\'');
		return;
	}
	switch (kind) {
	case UTF8_LETTER:
	case UTF8_DIGIT:
		put_in_word(splitter, c);
		return;
	case UTF8_IDEOGRAPH:
		put_ideograph(splitter, c);
		return;
	case UTF8_MARK:
		if (splitter->len > 0)
			put_in_word(splitter, c);
		return;
	case UTF8_HIDDEN:
		splitter->hidden = true;
		return;
	case UTF8_OTHER:
		put_other(splitter);
		return;
	}
}

size_t
junk_words_add(struct arena *arena, struct junk_set *set, struct text prefix,
	       struct text text)
{
	struct splitter splitter = {.set = set, .prefix = prefix};
	size_t len;
	uint32_t c;

	text = utf8_compatible(arena, text);
	while (text.len > 0) {
		len = utf8_character(text, &c);
		text = text_skip(text, len > 0 ? len : 1);
		if (len > 0)
			put(&splitter, c, text);
		else
			put_other(&splitter);
	}
	put_other(&splitter);
	end_spelled(&splitter);
	return splitter.count;
}
