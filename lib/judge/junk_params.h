/* junk_params.h - the numbers of the junk filter, with a version
 *
 * Two kinds: what decides which words a message has (`words_version`), and
 * what decides what their counters mean.  Counters that were made by another
 * version of the first must not be mixed with new ones: junk_params_hash
 * tells them apart, and is kept beside them.  The second may change at any
 * time; nothing has to be trained again.
 */
#ifndef JUDGE_JUNK_PARAMS_H
#define JUDGE_JUNK_PARAMS_H

#include <stdint.h>

/* Raised with each change of lib/judge that makes other words of a message. */
#define JUNK_WORDS_VERSION 1

struct junk_params {
	unsigned words_version; /* JUNK_WORDS_VERSION */
	/* above it a message is junk */
	double threshold;
	/* no word counts as surer than this, or than 1 less this */
	double least;
	/* words nearer to 1/2 than this say nothing */
	double ignored;
	/* how many messages' worth the view before the first message has, and
	 * what is unknown of a word before any */
	double prior_weight, prior;
	/* of a word that leans to spam, so much more of a message is taken to
	 * be ham that had it */
	double ham_unseen;
	/* words on each side that decide, at most */
	unsigned top_words;
	/* messages to be trained, of each kind, before a verdict counts */
	uint32_t least_ham, least_spam;
	/* as many messages as this, half of them of each kind, the site's words
	 * stand for at most; with as many of his own a user needs them no more
	 */
	uint32_t site_messages;
};

/* What holds unless an administrator says otherwise. */
extern const struct junk_params junk_params_default;

/* Of the version of the words, for the row with the totals of an account. */
int64_t junk_params_hash(const struct junk_params *params);

#endif
