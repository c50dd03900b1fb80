#include "judge/junk_score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* What was trained, the site's part scaled. */
struct evidence {
	double ham, spam;	      /* messages */
	double ham_scale, spam_scale; /* of the site's counters */
	double site_share;
};

/* --- the user's and the site's --- */

static double
share_left(const struct junk_model *user, const struct junk_params *params)
{
	uint32_t fewer = user->ham_messages < user->spam_messages
			     ? user->ham_messages
			     : user->spam_messages;
	double own = 2.0 * fewer;

	if (params->site_messages == 0 || own >= params->site_messages)
		return 0;
	return 1 - own / params->site_messages;
}

/* What one message of the site counts. */
static double
scale_of(uint32_t messages, double share, const struct junk_params *params)
{
	double most = params->site_messages / 2.0 * share;

	if (messages == 0)
		return 0;
	return messages > most ? most / messages : share;
}

static struct evidence
gather(const struct junk_model *user, const struct junk_model *site,
       const struct junk_params *params)
{
	struct evidence all = {user->ham_messages, user->spam_messages, 0, 0,
			       0};
	double share = share_left(user, params), ham, spam;

	all.ham_scale = scale_of(site->ham_messages, share, params);
	all.spam_scale = scale_of(site->spam_messages, share, params);
	ham = site->ham_messages * all.ham_scale;
	spam = site->spam_messages * all.spam_scale;
	all.ham += ham;
	all.spam += spam;
	if (all.ham + all.spam > 0)
		all.site_share = (ham + spam) / (all.ham + all.spam);
	return all;
}

/* --- one word --- */

static double
rate(double with, double of)
{
	if (of <= 0)
		return 0;
	return with < of ? with / of : 1;
}

static double
clamp(double value, double least)
{
	return value < least ? least : value > 1 - least ? 1 - least : value;
}

static double
spamminess(const struct evidence *all, struct junk_counts user,
	   struct junk_counts site, const struct junk_params *params)
{
	double ham = user.ham + site.ham * all->ham_scale;
	double spam = user.spam + site.spam * all->spam_scale;
	double in_ham = rate(ham, all->ham), in_spam = rate(spam, all->spam);
	double seen = ham + spam, r;

	if (in_ham + in_spam <= 0)
		return params->prior;
	/* who knows little ham cannot know that a word is in none */
	if (in_spam > in_ham)
		in_ham = rate(ham + params->ham_unseen,
			      all->ham + 2 * params->ham_unseen);
	r = in_spam / (in_ham + in_spam);
	r = (params->prior_weight * params->prior + seen * r) /
	    (params->prior_weight + seen);
	return clamp(r, params->least);
}

/* --- those that decide --- */

static double
distance(const struct junk_word *word)
{
	return fabs(word->spamminess - 0.5);
}

/* The surest first; of words as sure, the longer says more. */
static int
compare_words(const void *a, const void *b)
{
	const struct junk_word *left = a, *right = b;
	double difference = distance(right) - distance(left);

	if (difference > 0 || difference < 0)
		return difference > 0 ? 1 : -1;
	if (left->word.len != right->word.len)
		return left->word.len < right->word.len ? 1 : -1;
	return text_compare(left->word, right->word);
}

static size_t
keep_top(struct junk_word *words, size_t count, unsigned most)
{
	unsigned ham = 0, spam = 0;
	size_t i, kept = 0;

	qsort(words, count, sizeof(*words), compare_words);
	for (i = 0; i < count; i++) {
		unsigned *side = words[i].spamminess > 0.5 ? &spam : &ham;

		if (*side == most)
			continue;
		++*side;
		words[kept++] = words[i];
	}
	return kept;
}

static void
choose(struct arena *arena, const struct junk_tokens *tokens,
       const struct junk_counts *user, const struct junk_counts *site,
       const struct evidence *all, const struct junk_params *params,
       struct junk_verdict *verdict)
{
	static const struct junk_counts none = {0, 0};
	size_t i, count = 0;

	verdict->words =
	    arena_new_array(arena, struct junk_word, tokens->count + 1);
	for (i = 0; i < tokens->count; i++) {
		struct junk_word *word = &verdict->words[count];

		word->word = tokens->at[i].word;
		word->user = user != NULL ? user[i] : none;
		word->site = site != NULL ? site[i] : none;
		word->spamminess =
		    spamminess(all, word->user, word->site, params);
		if (distance(word) >= params->ignored)
			count++;
	}
	verdict->count = keep_top(verdict->words, count, params->top_words);
}

/* --- all together --- */

/* The logarithm of the chance that chi square with 2 * `half` degrees of
 * freedom is at least 2 * `m`: of exp(-m) times the sum of m^i / i! below
 * `half`, which is summed from its largest term on, since all of them may be
 * too small to be numbers. */
static double
log_chance(double m, size_t half)
{
	size_t peak = m < (double)half - 1 ? (size_t)m : half - 1, i;
	double sum = 1, term = 1, log_peak;

	for (i = peak; i > 0; i--) {
		term *= (double)i / m;
		sum += term;
	}
	for (i = peak + 1, term = 1; i < half; i++) {
		term *= m / (double)i;
		sum += term;
	}
	log_peak = peak > 0 ? (double)peak * log(m) - lgamma(peak + 1.0) : 0;
	sum = log_peak - m + log(sum);
	return sum < 0 ? sum : 0;
}

/* How much less likely words as spammy as these are by chance than words as
 * hammy as these: their ratio is the odds. */
static double
combine(const struct junk_word *words, size_t count)
{
	double for_spam = 0, for_ham = 0;
	size_t i;

	if (count == 0)
		return 0.5;
	for (i = 0; i < count; i++) {
		for_spam -= log(1 - words[i].spamminess);
		for_ham -= log(words[i].spamminess);
	}
	return 1 / (1 + exp(log_chance(for_spam, count) -
			    log_chance(for_ham, count)));
}

void
junk_score(struct arena *arena, const struct junk_tokens *tokens,
	   const struct junk_counts *user, const struct junk_counts *site,
	   const struct junk_model *user_model,
	   const struct junk_model *site_model,
	   const struct junk_params *params, struct junk_verdict *verdict)
{
	struct evidence all = gather(user_model, site_model, params);

	*verdict = (struct junk_verdict){.site_share = all.site_share};
	choose(arena, tokens, user, site, &all, params, verdict);
	verdict->probability = combine(verdict->words, verdict->count);
	verdict->significant =
	    all.ham >= params->least_ham && all.spam >= params->least_spam;
}

enum junk_class
junk_class(const struct junk_verdict *verdict, const struct junk_params *params)
{
	if (!verdict->significant)
		return JUNK_UNSURE;
	if (verdict->probability > params->threshold)
		return JUNK_SPAM;
	return verdict->probability < 0.5 ? JUNK_HAM : JUNK_UNSURE;
}

const char *junk_class_name(enum junk_class class)
{
	switch (class) {
	case JUNK_HAM:
		return "ham";
	case JUNK_UNSURE:
		return "unsure";
	case JUNK_SPAM:
		return "junk";
	case JUNK_NOT_EVALUATED:
		break;
	}
	return "none";
}
