#include "admin/junk_explain.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/junk_mail.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "base/why.h"
#include "dovecot-plugin/message_facts.h"
#include "judge/junk_score.h"

#define SHOWN_MOST 60
#define ARRAY_BYTES (1u << 20)

/* What one side knows: the user, or the site. */
struct side {
	struct junk_model model;
	struct junk_counts *counts; /* a place for each token */
	bool junk;
	double threshold; /* 0: as the site has it */
};

struct explanation {
	struct junk_run *run;
	struct junk_tokens tokens;
	struct side user, site;
	bool done;
};

/* --- what is known --- */

static bool
load_totals(struct junk_run *run, const char *account, struct side *side)
{
	struct pg_param param = pg_string(account);
	struct pg_rows *rows;

	if (!junk_ask(run,
		      "select coalesce(junk, true)::int, "
		      "coalesce((threshold * 10000)::int, 0), params, spam, "
		      "ham from signet.mailbox_load($1)",
		      &param, 1, &rows))
		return false;
	if (pg_rows_count(rows) == 0)
		return true;
	side->junk = pg_rows_int(rows, 0, 0) != 0;
	side->threshold = (double)pg_rows_int(rows, 0, 1) / 10000;
	if (pg_rows_int(rows, 0, 2) != JUNK_WORDS_VERSION)
		return true;
	side->model.spam_messages = (uint32_t)pg_rows_int(rows, 0, 3);
	side->model.ham_messages = (uint32_t)pg_rows_int(rows, 0, 4);
	return true;
}

static int
by_id(const void *a, const void *b)
{
	int64_t left = ((const struct junk_token *)a)->id;
	int64_t right = ((const struct junk_token *)b)->id;

	return (left > right) - (left < right);
}

static const char *
ids_of(struct arena *arena, const struct junk_tokens *tokens)
{
	struct buf array;
	size_t i;

	buf_init(&array, arena, ARRAY_BYTES);
	buf_char(&array, '{');
	for (i = 0; i < tokens->count; i++)
		buf_printf(&array, "%s%lld", i > 0 ? "," : "",
			   (long long)tokens->at[i].id);
	buf_char(&array, '}');
	return buf_cstring(&array);
}

static bool
load_words(struct explanation *all, const char *account, struct side *side)
{
	struct junk_run *run = all->run;
	struct pg_param params[3] = {
	    pg_string(account),
	    pg_string(
		arena_printf(run->arena, "%llu",
			     (unsigned long long)run->settings.site_users)),
	    pg_string(ids_of(run->arena, &all->tokens))};
	struct junk_token wanted, *found;
	struct pg_rows *rows;
	size_t i;

	side->counts = arena_new_array(run->arena, struct junk_counts,
				       all->tokens.count + 1);
	if (!junk_ask(run,
		      "select m.word, m.spam, m.ham from "
		      "signet.junk_model($1, $2::int) m "
		      "where m.word = any ($3::bigint[])",
		      params, 3, &rows))
		return false;
	for (i = 0; i < pg_rows_count(rows); i++) {
		wanted.id = pg_rows_int(rows, i, 0);
		found = bsearch(&wanted, all->tokens.at, all->tokens.count,
				sizeof(wanted), by_id);
		if (found == NULL)
			continue;
		side->counts[found - all->tokens.at] = (struct junk_counts){
		    .spam = (uint32_t)pg_rows_int(rows, i, 1),
		    .ham = (uint32_t)pg_rows_int(rows, i, 2)};
	}
	return true;
}

/* --- telling --- */

static void
tell_words(struct explanation *all, const struct junk_verdict *verdict)
{
	const struct junk_word *word;
	struct text shown;
	size_t i;

	if (verdict->count > 0)
		puts("\nspamminess  junk   ham  site junk   ham  word");
	for (i = 0; i < verdict->count; i++) {
		word = &verdict->words[i];
		shown = utf8_for_log(all->run->arena, word->word, SHOWN_MOST);
		printf("%10.2f %5u %5u %10u %5u  " TEXT_FMT "\n",
		       word->spamminess, word->user.spam, word->user.ham,
		       word->site.spam, word->site.ham, TEXT_ARG(shown));
	}
}

static void
tell(struct explanation *all, const struct junk_params *params,
     const struct junk_verdict *verdict)
{
	const struct junk_model *user = &all->user.model;
	const struct junk_model *site = &all->site.model;

	printf("verdict      %s\n",
	       junk_class_name(junk_class(verdict, params)));
	printf("probability  %.4f\n", verdict->probability);
	printf("threshold    %.2f\n", params->threshold);
	printf("words        %zu, of which %zu decided%s\n", all->tokens.count,
	       verdict->count, all->tokens.cut ? "; the message has more" : "");
	printf("learned      %u junk, %u ham\n", user->spam_messages,
	       user->ham_messages);
	printf("of the site  %u junk, %u ham, which are %.0f %% of what "
	       "counts\n",
	       site->spam_messages, site->ham_messages,
	       100 * verdict->site_share);
	if (!verdict->significant)
		printf("too little is learned: %u ham and %u junk are wanted\n",
		       params->least_ham, params->least_spam);
	if (!all->user.junk)
		puts("the account has its mail not judged");
	tell_words(all, verdict);
}

static bool
explain(struct explanation *all, struct text message)
{
	struct junk_run *run = all->run;
	struct junk_params params = junk_params_default;
	struct junk_verdict verdict;
	struct message_facts facts;

	message_facts_read(run->arena, &run->settings, message, &facts);
	message_facts_words(run->arena, &facts, message, &all->tokens);
	if (!load_totals(run, run->words[0], &all->user) ||
	    !load_totals(run, "", &all->site) ||
	    !load_words(all, run->words[0], &all->user) ||
	    !load_words(all, "", &all->site))
		return false;
	params.threshold = all->user.threshold > 0
			       ? all->user.threshold
			       : (double)run->settings.threshold / 100;
	params.least_ham = (uint32_t)run->settings.least_ham;
	junk_score(run->arena, &all->tokens, all->user.counts, all->site.counts,
		   &all->user.model, &all->site.model, &params, &verdict);
	tell(all, &params, &verdict);
	return all->done = true;
}

static bool
take(void *handle, struct text message, uint64_t size)
{
	(void)size;
	explain(handle, message);
	return false;
}

int
junk_explain(struct junk_run *run)
{
	struct explanation all = {.run = run};
	struct junk_mail_reader reader = {.take = take, .handle = &all};
	const char *path = run->count > 1 ? run->words[1] : "-";
	struct why why = {""};

	if (!junk_mail_read(&reader, path, &why) && why.text[0] != '\0')
		return junk_fail(why.text);
	return all.done ? 0 : 2;
}
