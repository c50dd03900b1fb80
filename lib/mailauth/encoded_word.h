/* encoded_word.h - encoded words (RFC 2047) as a careless reader decodes them
 *
 * Not for display: this tells what bytes a reader might see.  It decodes
 * wherever "=?charset?encoding?text?=" stands, with space in it, inside
 * quotes or glued to other text, and with broken base64.
 */
#ifndef MAILAUTH_ENCODED_WORD_H
#define MAILAUTH_ENCODED_WORD_H

#include <stdbool.h>

#include "base/text.h"

struct arena;

struct encoded_words {
	struct text text;   /* all of it, encoded words replaced by their bytes
			       in their own charset; the two-byte parts of
			       ISO-2022 and HZ left out */
	struct text inside; /* the encoded words alone, one behind another */
	bool found;	    /* at least one encoded word */
	bool control;	    /* one holds a control byte other than TAB */
	bool opaque;	    /* UTF-7, UTF-16, UTF-32: bytes tell nothing */
};

/* Borrows `text` if nothing is encoded. */
void encoded_words_decode(struct arena *arena, struct text text,
			  struct encoded_words *words);

#endif
