#include "base/utf8.h"

#include <stdlib.h>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/arena.h"

#define ONES 0x0101010101010101u
#define HIGHS 0x8080808080808080u

static uint64_t
eight_bytes(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

bool
text_is_ascii(struct text text)
{
	size_t i = 0;
	unsigned char all = 0;

	for (; i + 8 <= text.len; i += 8)
		if ((eight_bytes(text.at + i) & HIGHS) != 0)
			return false;
	for (; i < text.len; i++)
		all |= (unsigned char)text.at[i];
	return all < 0x80;
}

/* True if each of eight bytes is in 0x20..0x7e: no high bit, and neither a
 * borrow below 0x20 nor a carry from 0x7f. */
static bool
eight_printable(uint64_t word)
{
	uint64_t carry = word + ONES, borrow = word - ONES * 0x20;

	return ((word | carry | borrow) & HIGHS) == 0;
}

/* Bytes from the start that need no look at UTF-8 rules. */
static size_t
printable_ascii(struct text text)
{
	size_t i = 0;

	while (i + 8 <= text.len && eight_printable(eight_bytes(text.at + i)))
		i += 8;
	while (i < text.len && text.at[i] >= ' ' && text.at[i] < 0x7f)
		i++;
	return i;
}

bool
utf8_is_valid(struct text text)
{
	return text_is_ascii(text) ||
	       u8_check((const uint8_t *)text.at, text.len) == NULL;
}

size_t
utf8_character(struct text text, uint32_t *c)
{
	ucs4_t found = 0;
	int len = 0;

	if (text.len > 0)
		len = u8_mbtoucr(&found, (const uint8_t *)text.at, text.len);
	*c = found;
	return len > 0 ? (size_t)len : 0;
}

/* Controls, what reorders the text around it, and line separators. */
static bool
is_unfit(ucs4_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c ||
	       (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* Length of the character at the start; 0 if it must become "?". */
static size_t
fit_character(struct text text)
{
	ucs4_t c;
	int len;

	len = u8_mbtoucr(&c, (const uint8_t *)text.at, text.len);
	if (len <= 0 || is_unfit(c))
		return 0;
	return (size_t)len;
}

/* A character that must go is one "?", as is each byte that is none. */
static size_t
unfit_length(struct text text)
{
	ucs4_t c;
	int len;

	len = u8_mbtoucr(&c, (const uint8_t *)text.at, text.len);
	return len > 0 ? (size_t)len : 1;
}

static struct text
clean(struct arena *arena, struct text text, size_t good, size_t most)
{
	size_t used = good, len = good, fit;
	char *to;

	to = arena_bytes(arena, (text.len < most ? text.len : most) + 3);
	if (good > 0)
		memcpy(to, text.at, good);
	while (used < text.len) {
		struct text rest = text_skip(text, used);

		fit = fit_character(rest);
		if (len + (fit > 0 ? fit : 1) > most)
			break;
		if (fit > 0)
			memcpy(to + len, rest.at, fit);
		else
			to[len] = '?';
		len += fit > 0 ? fit : 1;
		used += fit > 0 ? fit : unfit_length(rest);
	}
	if (used < text.len) {
		memcpy(to + len, "...", 3);
		len += 3;
	}
	return text_of(to, len);
}

struct text
utf8_for_log(struct arena *arena, struct text text, size_t most)
{
	size_t good = printable_ascii(text_first(text, most)), fit;

	while (good < text.len) {
		fit = fit_character(text_skip(text, good));
		if (fit == 0 || good + fit > most)
			return clean(arena, text, good, most);
		good += fit;
	}
	return text;
}

/* The letters of Greek and Cyrillic that read as Latin ones. */
bool
utf8_looks_latin(uint32_t c)
{
	static const uint16_t alike[] = {
	    0x3b1, 0x3b3, 0x3b5, 0x3b9, 0x3ba, 0x3bd, 0x3bf, 0x3c1, 0x3c3,
	    0x3c4, 0x3c5, 0x3c7, 0x3c9, 0x430, 0x432, 0x433, 0x435, 0x43a,
	    0x43c, 0x43d, 0x43e, 0x43f, 0x440, 0x441, 0x442, 0x443, 0x445,
	    0x448, 0x44a, 0x44c, 0x455, 0x456, 0x458, 0x461, 0x475, 0x4bb,
	    0x4bd, 0x4cf, 0x501, 0x51b, 0x51d,
	};
	size_t i;

	for (i = 0; i < sizeof(alike) / sizeof(*alike); i++)
		if (alike[i] == c)
			return true;
	return false;
}

enum {
	FAMILY_ANY = 1,
	FAMILY_LATIN = 2,
	FAMILY_CJK = 4,
	FAMILY_LOOKALIKE = 8,
	FAMILY_OTHER = 16
};

/* What kind of script a character is of; *script tells OTHERs apart. */
static int
script_family(ucs4_t c, const uc_script_t **script)
{
	const uc_script_t *found = uc_script(c);
	const char *name = found != NULL ? found->name : "";

	if (strcmp(name, "Common") == 0 || strcmp(name, "Inherited") == 0)
		return FAMILY_ANY;
	if (strcmp(name, "Latin") == 0)
		return FAMILY_LATIN;
	if (strcmp(name, "Han") == 0 || strcmp(name, "Hiragana") == 0 ||
	    strcmp(name, "Katakana") == 0 || strcmp(name, "Hangul") == 0 ||
	    strcmp(name, "Bopomofo") == 0)
		return FAMILY_CJK;
	if (*script != NULL && *script != found)
		return FAMILY_OTHER | FAMILY_LATIN;
	*script = found;
	if ((strcmp(name, "Greek") == 0 || strcmp(name, "Cyrillic") == 0) &&
	    utf8_looks_latin(c))
		return FAMILY_LOOKALIKE;
	return FAMILY_OTHER;
}

bool
utf8_is_plain_label(struct text label)
{
	const uc_script_t *script = NULL;
	int seen = 0, len;
	size_t i;
	ucs4_t c;

	for (i = 0; i < label.len; i += (size_t)len) {
		len = u8_mbtoucr(&c, (const uint8_t *)label.at + i,
				 label.len - i);
		if (len <= 0 || is_unfit(c) || (c >= 0x200b && c <= 0x200d))
			return false;
		seen |= script_family(c, &script);
	}
	seen &= ~FAMILY_ANY;
	if (seen == FAMILY_LOOKALIKE)
		return false;
	if ((seen & (FAMILY_LOOKALIKE | FAMILY_OTHER)) != 0)
		return (seen & (FAMILY_LATIN | FAMILY_CJK)) == 0;
	return true;
}

bool
utf8_mixes_directions(struct text text)
{
	bool left = false, right = false;
	int len, category;
	size_t i;
	ucs4_t c;

	for (i = 0; i < text.len; i += (size_t)len) {
		len =
		    u8_mbtoucr(&c, (const uint8_t *)text.at + i, text.len - i);
		if (len <= 0)
			return true;
		category = uc_bidi_category(c);
		left |= category == UC_BIDI_L;
		right |= category == UC_BIDI_R || category == UC_BIDI_AL;
	}
	return left && right;
}

/* --- words --- */

static bool
is_hidden(ucs4_t c)
{
	return c == 0xad || c == 0x34f || c == 0x180e || c == 0xfeff ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || (c >= 0xfe00 && c <= 0xfe0f) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

static bool
is_ideograph(ucs4_t c)
{
	return (c >= 0x3041 && c <= 0x30ff) || (c >= 0x3105 && c <= 0x312f) ||
	       (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x4e00 && c <= 0x9fff) ||
	       (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x3ffff);
}

enum utf8_kind
utf8_kind(uint32_t c)
{
	if (is_hidden(c))
		return UTF8_HIDDEN;
	if (is_ideograph(c))
		return uc_is_general_category(c, UC_LETTER) ? UTF8_IDEOGRAPH
							    : UTF8_OTHER;
	if (uc_is_general_category(c, UC_LETTER))
		return UTF8_LETTER;
	if (uc_is_general_category(c, UC_DECIMAL_DIGIT_NUMBER))
		return UTF8_DIGIT;
	return uc_is_general_category(c, UC_MARK) ? UTF8_MARK : UTF8_OTHER;
}

uint32_t
utf8_lower(uint32_t c)
{
	return uc_tolower(c);
}

size_t
utf8_put(char to[4], uint32_t c)
{
	int len = u8_uctomb((uint8_t *)to, c, 4);

	return len > 0 ? (size_t)len : 0;
}

struct text
utf8_compatible(struct arena *arena, struct text text)
{
	struct text result = text;
	uint8_t *made;
	size_t len = 0;

	if (text_is_ascii(text) || !utf8_is_valid(text))
		return text;
	made = u8_normalize(UNINORM_NFKC, (const uint8_t *)text.at, text.len,
			    NULL, &len);
	if (made == NULL)
		return text;
	result = text_copy(arena, text_of((const char *)made, len));
	free(made);
	return result;
}
