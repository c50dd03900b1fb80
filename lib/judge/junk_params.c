#include "judge/junk_params.h"

#include "base/text.h"
#include "judge/junk_tokens.h"

#include <stdio.h>

const struct junk_params junk_params_default = {
    .words_version = JUNK_WORDS_VERSION,
    .threshold = 0.95,
    .least = 0.01,
    .ignored = 0.4,
    .prior_weight = 0.05,
    .prior = 0.5,
    .ham_unseen = 0.1,
    .top_words = 50,
    .least_ham = 50,
    .least_spam = 1,
    .site_messages = 200,
};

int64_t
junk_params_hash(const struct junk_params *params)
{
	char name[48];
	int len;

	len = snprintf(name, sizeof(name), "junk words, version %u",
		       params->words_version);
	return junk_word_id(text_of(name, (size_t)len));
}
