/* utf8.h - text for people and for programs that want valid UTF-8 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>

#include "base/text.h"

struct arena;

/* Well-formed UTF-8 (RFC 3629): no surrogates, no overlong forms. */
bool utf8_is_valid(struct text text);
bool text_is_ascii(struct text text);

/* Bytes of the character at the start, which goes to *c; 0 if there is no
 * well-formed one. */
size_t utf8_character(struct text text, uint32_t *c);

/* For logs, terminals and JSON: control characters, bidirectional controls
 * and bytes that are not UTF-8 become "?"; cut at `most` bytes on a character
 * boundary, with "..." put behind what was cut (up to `most` + 3 bytes then).
 * Borrows when nothing had to change, else lies in the arena. */
struct text utf8_for_log(struct arena *arena, struct text text, size_t most);

/* True if a domain label cannot well be mistaken for another: letters of one
 * script (the Japanese and Korean mixtures count as one), and not Greek or
 * Cyrillic made of nothing but letters that look Latin (UTS #39 5.2). */
bool utf8_is_plain_label(struct text label);

/* True if letters of both directions stand in it: dots between them may be
 * shown in another place. */
bool utf8_mixes_directions(struct text text);

/* What a character is to somebody who looks for words. */
enum utf8_kind {
	UTF8_OTHER = 1, /* space, punctuation, signs */
	UTF8_LETTER,
	UTF8_DIGIT,
	UTF8_MARK,	/* belongs to the letter before it */
	UTF8_IDEOGRAPH, /* of scripts without spaces between words: Han, kana */
	UTF8_HIDDEN	/* not seen: zero width, soft hyphen */
};
enum utf8_kind utf8_kind(uint32_t c);
/* In lower case, character by character, where that is one character. */
uint32_t utf8_lower(uint32_t c);
/* Greek and Cyrillic letters that read as Latin ones. */
bool utf8_looks_latin(uint32_t c);
/* Writes the character; returns its bytes. */
size_t utf8_put(char to[4], uint32_t c);

/* Compatibility forms put together (NFKC), so that what reads alike is alike:
 * full-width and mathematical letters become plain ones.  Borrows what is
 * ASCII or not valid UTF-8. */
struct text utf8_compatible(struct arena *arena, struct text text);

#endif
