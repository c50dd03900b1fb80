/* junk_score.h - how likely a message is junk, by what its words were
 * trained as
 *
 * Each word has counters of the messages of both kinds that it stood in, one
 * pair of the user and one of the site.  The site's are scaled down to at most
 * junk_params.site_messages and added to the user's, less of them with each
 * message that the user has trained, and none once he has as many of his own.
 *
 * From the shares of spam and of ham that a word stands in comes its
 * spamminess, drawn towards the prior while few messages had it (Robinson);
 * who knows little ham is not sure of any word of spam.  Of the surest words of
 * both sides Fisher's method tells how likely they were by chance, once as
 * words of spam and once as words of ham: the ratio of the two is the odds.
 * Strong words on both sides leave it open.
 */
#ifndef JUDGE_JUNK_SCORE_H
#define JUDGE_JUNK_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "judge/junk_params.h"
#include "judge/junk_tokens.h"

struct arena;

/* messages with the word; zero: never seen */
struct junk_counts {
	uint32_t ham, spam;
};

/* messages trained in all */
struct junk_model {
	uint32_t ham_messages, spam_messages;
};

struct junk_word {
	struct text word;
	double spamminess; /* 0: ham only, 1: spam only */
	struct junk_counts user, site;
};

struct junk_verdict {
	double probability; /* 0 to 1; 0.5 if nothing is known */
	bool significant;   /* enough was trained for it to count */
	double site_share;  /* 0: the user's own messages alone, 1: none */
	/* those that decided, the surest first */
	struct junk_word *words;
	size_t count;
};

enum junk_class { JUNK_NOT_EVALUATED = 0, JUNK_HAM, JUNK_UNSURE, JUNK_SPAM };

/* `user` and `site` have a place for each token, in the same order; either
 * may be NULL for none. The verdict lies in the arena and borrows words. */
void junk_score(struct arena *arena, const struct junk_tokens *tokens,
		const struct junk_counts *user, const struct junk_counts *site,
		const struct junk_model *user_model,
		const struct junk_model *site_model,
		const struct junk_params *params, struct junk_verdict *verdict);

/* JUNK_SPAM above the threshold and JUNK_HAM below one half, if significant;
 * else JUNK_UNSURE. */
enum junk_class junk_class(const struct junk_verdict *verdict,
			   const struct junk_params *params);
/* "ham", "unsure", "junk"; "none" for not evaluated */
const char *junk_class_name(enum junk_class class);

#endif
