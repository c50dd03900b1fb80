#include "dovecot-plugin/classify.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "dovecot-plugin/mailbox_part.h"
#include "dovecot-plugin/mailbox_settings.h"
#include "dovecot-plugin/message_facts.h"
#include "dovecot-plugin/model.h"
#include "dovecot-plugin/model_cache.h"
#include "judge/junk_field.h"
#include "judge/junk_score.h"

/* One delivery while it is thought about. */
struct thought {
	struct arena *arena;
	const struct mailbox_settings *settings;
	const struct question *question;
	struct message_facts facts;
	const struct model *user, *site; /* NULL: nothing is known */
};

/* --- rules --- */

static bool
ask_parts(const struct thought *thought, struct answer *answer)
{
	const struct delivery delivery = {
	    .question = thought->question,
	    .header = &thought->facts.header,
	    .verified = &thought->facts.verified,
	    .settings = thought->settings,
	};
	size_t i;

	for (i = 0; mailbox_parts[i] != NULL; i++) {
		const void *held =
		    thought->user != NULL ? thought->user->held[i] : NULL;

		if (mailbox_parts[i]->judge != NULL &&
		    mailbox_parts[i]->judge(held, thought->arena, &delivery,
					    answer))
			return true;
	}
	return false;
}

/* --- junk --- */

static const struct junk_counts *
counts_of(const struct thought *thought, const struct model *model,
	  const struct junk_tokens *tokens)
{
	struct junk_counts *counts;
	size_t i;

	if (model == NULL)
		return NULL;
	counts =
	    arena_new_array(thought->arena, struct junk_counts, tokens->count);
	for (i = 0; i < tokens->count; i++) {
		struct model_counts found = model_find(model, tokens->at[i].id);

		counts[i] = (struct junk_counts){found.ham, found.spam};
	}
	return counts;
}

static struct junk_model
totals_of(const struct model *model)
{
	return model == NULL ? (struct junk_model){0, 0}
			     : (struct junk_model){model->ham, model->spam};
}

static void
score(const struct thought *thought, const struct junk_params *params,
      struct junk_verdict *verdict)
{
	struct junk_model user = totals_of(thought->user);
	struct junk_model site = totals_of(thought->site);
	struct junk_tokens tokens;

	message_facts_words(thought->arena, &thought->facts,
			    thought->question->message, &tokens);
	junk_score(thought->arena, &tokens,
		   counts_of(thought, thought->user, &tokens),
		   counts_of(thought, thought->site, &tokens), &user, &site,
		   params, verdict);
}

static void
add_field(const struct thought *thought, const struct junk_params *params,
	  const struct junk_verdict *verdict, struct answer *answer)
{
	struct buf field;

	if (!thought->settings->header)
		return;
	buf_init(&field, thought->arena, LIMIT_JUNK_FIELD_BYTES + 40);
	junk_field_write(verdict, params, false, &field);
	answer_add_header(answer, buf_view(&field));
}

static void
judge(const struct thought *thought, struct answer *answer)
{
	struct junk_params params = junk_params_default;
	struct junk_verdict verdict;

	params.threshold = thought->user != NULL
			       ? thought->user->threshold
			       : (double)thought->settings->threshold / 100;
	params.least_ham = (uint32_t)thought->settings->least_ham;
	score(thought, &params, &verdict);
	add_field(thought, &params, &verdict, answer);
	switch (junk_class(&verdict, &params)) {
	case JUNK_SPAM:
		answer->verdict = "junk";
		answer->mailbox = text_from(thought->settings->junk_mailbox);
		if (thought->settings->junk_keyword != NULL)
			answer_add_keyword(
			    answer, text_from(thought->settings->junk_keyword));
		break;
	case JUNK_HAM:
		answer->verdict = "ham";
		break;
	case JUNK_UNSURE:
	case JUNK_NOT_EVALUATED:
		answer->verdict = "unsure";
		break;
	}
}

/* --- all of it --- */

/* Mail that the user or his administrator sends into another mailbox is not
 * ours to move: junk is looked for in what comes to INBOX. */
static bool
is_for_inbox(struct text mailbox)
{
	return mailbox.len == 0 || text_equal_nocase(mailbox, TEXT("INBOX"));
}

/* The copy of it that was kept in Rejects is one too many. */
static bool
is_sender_known(const struct thought *thought)
{
	const struct verified *verified = &thought->facts.verified;

	return domain_is_set(verified->author) ||
	       domain_is_set(verified->mail_from) || verified->dkim_count > 0;
}

static void
decide(const struct thought *thought, struct answer *answer)
{
	bool junk = thought->user != NULL ? thought->user->junk
					  : thought->settings->junk;

	answer->remove_rejects = is_sender_known(thought);
	if (!is_for_inbox(thought->question->mailbox))
		answer->verdict = "none";
	else if (ask_parts(thought, answer))
		answer->verdict =
		    answer->verdict != NULL ? answer->verdict : "rule";
	else if (junk)
		judge(thought, answer);
	else
		answer->verdict = "none";
}

const char *
classify(struct arena *arena, const struct mailbox_settings *settings,
	 struct model_cache *cache, const struct question *question,
	 struct deadline deadline, struct buf *to)
{
	struct thought thought = {
	    .arena = arena, .settings = settings, .question = question};
	struct answer answer = {.verdict = NULL};
	struct model *user, *site;

	message_facts_read(arena, settings, question->message, &thought.facts);
	thought.user = user = model_cache_get(cache, question->user, deadline);
	thought.site = site = model_cache_get(cache, TEXT(""), deadline);
	decide(&thought, &answer);
	/* the answer may borrow from the models */
	answer_write(&answer, to);
	model_cache_release(cache, user);
	model_cache_release(cache, site);
	return answer.verdict;
}
