/* junk_tokens.h - the distinct words of a message, each with its number
 *
 * What the junk filter counts: words of the text ("viagra"), of header fields
 * ("Subject:offer"), and facts ("auth:dmarc=example.com", "url:example.com").
 * A set: each word once.  Bounds: LIMIT_JUNK_TOKENS words, each of at most
 * LIMIT_JUNK_WORD_BYTES and its prefix; the rest is left out, and said so.
 */
#ifndef JUDGE_JUNK_TOKENS_H
#define JUDGE_JUNK_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct arena;

struct junk_token {
	struct text word; /* valid UTF-8, lower case but for the prefix */
	int64_t id;	  /* junk_word_id(word) */
};

struct junk_tokens {
	struct junk_token *at; /* in the order of their ids */
	size_t count;
	bool cut; /* not all are here */
};

/* The first eight bytes, big endian, of SHA-256 of the word: the number that
 * stands for it in the database (signet.junk_word_id there). */
int64_t junk_word_id(struct text word);

/* A set while it is made; lies in the arena. */
struct junk_set;
struct junk_set *junk_set_new(struct arena *arena);
/* One word as it is: the caller has made it lower case and valid. */
void junk_set_add(struct junk_set *set, struct text prefix, struct text word);
void junk_set_finish(struct junk_set *set, struct junk_tokens *tokens);

#endif
