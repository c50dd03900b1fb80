/* junk_words.h - the words of a text
 *
 * Runs of letters and digits in lower case.  An apostrophe between two letters
 * belongs to the word; characters that are not seen are left out; Chinese and
 * Japanese, which have no spaces, give pairs of characters; letters that stand
 * one by one ("V.I.A.G.R.A") give the word they spell as well.  No words are:
 * less than three bytes, more than LIMIT_JUNK_WORD_BYTES, numbers, ASCII with
 * six consonants or digits of 2 to 9 in a row.
 */
#ifndef JUDGE_JUNK_WORDS_H
#define JUDGE_JUNK_WORDS_H

#include <stddef.h>

#include "base/text.h"

struct arena;
struct junk_set;

/* Each word goes into the set with the prefix in front ("Subject:", or none).
 * What is not valid UTF-8 separates words.  Returns how many words there
 * were, those that were in the set already too. */
size_t junk_words_add(struct arena *arena, struct junk_set *set,
		      struct text prefix, struct text utf8);

#endif
