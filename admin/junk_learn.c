#include "admin/junk_learn.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "dovecot-plugin/message_facts.h"
#include "io/clock.h"

/* of one transaction */
#define BATCH_MESSAGES 64
#define BATCH_WORDS 50000

struct junk_learner {
	struct junk_run *run;
	struct text account;
	struct arena *arena; /* of one batch */
	struct train_item items[BATCH_MESSAGES];
	size_t count, words;
	struct train_counts counts;
	uint64_t messages;
	bool failed;
	struct why why;
};

struct junk_learner *
junk_learner_open(struct junk_run *run, const char *account)
{
	struct junk_learner *learner = xcalloc(1, sizeof(*learner));

	learner->run = run;
	learner->account = text_from(account);
	learner->arena = arena_new();
	return learner;
}

void
junk_learner_close(struct junk_learner *learner)
{
	arena_free(learner->arena);
	free(learner);
}

static struct train_limits
limits_of(const struct mailbox_settings *settings)
{
	return (struct train_limits){.site_messages = settings->site_messages,
				     .words = settings->words,
				     .site_words = settings->site_words,
				     .words_age_s = settings->words_age_s};
}

static bool
call(struct junk_learner *learner, const char *sql)
{
	return pg_run(learner->run->pg, sql, &learner->why) == PG_DONE;
}

static void
flush(struct junk_learner *learner)
{
	struct train_limits limits = limits_of(&learner->run->settings);

	if (learner->count > 0 && !learner->failed)
		learner->failed =
		    !call(learner, "begin") ||
		    train_account(learner->run->pg, learner->arena, &limits,
				  learner->items, learner->count,
				  &learner->counts, &learner->why) != PG_DONE ||
		    !call(learner, "commit");
	learner->count = learner->words = 0;
	arena_reset(learner->arena);
}

static void
take_words(struct junk_learner *learner, struct train_item *item,
	   struct text message)
{
	struct arena *arena = learner->arena, *own = arena_new();
	struct message_facts facts;
	struct junk_tokens tokens;
	int64_t *words;
	size_t i;

	message_facts_read(own, &learner->run->settings, message, &facts);
	message_facts_words(own, &facts, message, &tokens);
	words = arena_new_array(arena, int64_t, tokens.count + 1);
	for (i = 0; i < tokens.count; i++)
		words[i] = tokens.at[i].id;
	item->words = words;
	item->word_count = tokens.count;
	arena_free(own);
}

bool
junk_learner_add(struct junk_learner *learner, struct text message,
		 uint64_t size, enum train_state state)
{
	struct train_item *item = &learner->items[learner->count];

	*item = (struct train_item){.account = learner->account,
				    .state = state,
				    .at_us = clock_unix_ms() * 1000,
				    .bytes = size};
	item->message = message_key(learner->arena, message, size);
	take_words(learner, item, message);
	learner->words += item->word_count;
	learner->messages++;
	if (++learner->count == BATCH_MESSAGES || learner->words >= BATCH_WORDS)
		flush(learner);
	return !learner->failed;
}

bool
junk_learner_finish(struct junk_learner *learner, struct train_counts *counts,
		    uint64_t *messages, struct why *why)
{
	flush(learner);
	*counts = learner->counts;
	*messages = learner->messages;
	if (learner->failed)
		*why = learner->why;
	return !learner->failed;
}
