#include "dovecot-plugin/model.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/scan.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "dovecot-plugin/mailbox_settings.h"
#include "judge/junk_params.h"

struct model *
model_new(const struct mailbox_settings *settings, struct text account)
{
	struct model *model = xcalloc(1, sizeof(*model));

	model->arena = arena_new();
	model->account = text_copy(model->arena, account);
	model->junk = settings->junk;
	model->threshold = (double)settings->threshold / 100;
	model->bytes = sizeof(*model) + arena_held(model->arena);
	return model;
}

void
model_free(struct model *model)
{
	if (model == NULL)
		return;
	arena_free(model->arena);
	free(model->word);
	free(model->counts);
	free(model);
}

/* "0.95" of Postgres, whatever the locale. */
static double
to_fraction(struct text digits)
{
	double value = 0, unit = 1;
	bool behind = false;
	size_t i;

	for (i = 0; i < digits.len; i++) {
		char c = digits.at[i];

		if (c == '.')
			behind = true;
		if (c < '0' || c > '9')
			continue;
		value = value * 10 + (c - '0');
		if (behind)
			unit *= 10;
	}
	return value / unit;
}

static enum pg_status
load_head(const struct mailbox_settings *settings, struct pg *pg,
	  struct model *model, bool *has_words, struct why *why)
{
	struct arena *arena = arena_new();
	struct pg_param account = pg_text(model->account);
	struct pg_rows *rows;
	enum pg_status status;

	*has_words = false;
	status = pg_call(pg, arena, "select * from signet.mailbox_load($1)",
			 &account, 1, &rows, why);
	if (status == PG_DONE && pg_rows_count(rows) == 1) {
		model->version = pg_rows_int(rows, 0, 0);
		if (!pg_rows_is_null(rows, 0, 1))
			model->junk =
			    settings->junk &&
			    text_equal(pg_rows_text(rows, 0, 1), TEXT("t"));
		if (!pg_rows_is_null(rows, 0, 2))
			model->threshold =
			    to_fraction(pg_rows_text(rows, 0, 2));
		*has_words = pg_rows_int(rows, 0, 4) == JUNK_WORDS_VERSION;
		if (*has_words) {
			model->spam = (uint32_t)pg_rows_int(rows, 0, 5);
			model->ham = (uint32_t)pg_rows_int(rows, 0, 6);
		}
	}
	arena_free(arena);
	return status;
}

/* --- words --- */

struct loading {
	struct model *model;
	size_t room;
	bool sorted;
};

static bool
take_word(void *handle, const struct pg_rows *rows, struct why *why)
{
	struct loading *loading = handle;
	struct model *model = loading->model;
	int64_t word = pg_rows_int(rows, 0, 0);

	(void)why;
	if (model->words == loading->room) {
		loading->room = loading->room == 0 ? 1024 : loading->room * 2;
		model->word =
		    xrealloc(model->word, loading->room, sizeof(*model->word));
		model->counts = xrealloc(model->counts, loading->room,
					 sizeof(*model->counts));
	}
	if (model->words > 0 && model->word[model->words - 1] >= word)
		loading->sorted = false;
	model->word[model->words] = word;
	model->counts[model->words++] =
	    (struct model_counts){(uint32_t)pg_rows_int(rows, 0, 1),
				  (uint32_t)pg_rows_int(rows, 0, 2)};
	return true;
}

static enum pg_status
load_words(const struct mailbox_settings *settings, struct pg *pg,
	   struct model *model, struct why *why)
{
	struct loading loading = {model, 0, true};
	char users[24];
	struct pg_param params[2] = {pg_text(model->account), pg_string(users)};
	enum pg_status status;

	snprintf(users, sizeof(users), "%llu",
		 (unsigned long long)settings->site_users);
	status =
	    pg_stream(pg, "select * from signet.junk_model($1, $2) order by 1",
		      params, 2, take_word, &loading, why);
	if (status != PG_DONE)
		return status;
	assert(loading.sorted);
	if (model->words > 0 && model->words < loading.room) {
		model->word =
		    xrealloc(model->word, model->words, sizeof(*model->word));
		model->counts = xrealloc(model->counts, model->words,
					 sizeof(*model->counts));
	}
	return PG_DONE;
}

static enum pg_status
load_parts(const struct mailbox_settings *settings, struct pg *pg,
	   struct model *model, struct why *why)
{
	enum pg_status status = PG_DONE;
	size_t i;

	for (i = 0; mailbox_parts[i] != NULL && status == PG_DONE; i++) {
		assert(i < MODEL_PARTS);
		if (mailbox_parts[i]->load != NULL && model->account.len > 0)
			status = mailbox_parts[i]->load(
			    settings, pg, model->arena, model->account,
			    &model->held[i], why);
	}
	return status;
}

enum pg_status
model_load(const struct mailbox_settings *settings, struct pg *pg,
	   struct text account, struct model **model, struct why *why)
{
	struct model *made = model_new(settings, account);
	enum pg_status status;
	bool has_words;

	/* The version first: what changes meanwhile is loaded again. */
	status = load_head(settings, pg, made, &has_words, why);
	if (status == PG_DONE && has_words)
		status = load_words(settings, pg, made, why);
	if (status == PG_DONE)
		status = load_parts(settings, pg, made, why);
	if (status != PG_DONE) {
		model_free(made);
		return status;
	}
	made->bytes =
	    sizeof(*made) + arena_held(made->arena) +
	    made->words * (sizeof(*made->word) + sizeof(*made->counts));
	*model = made;
	return PG_DONE;
}

struct model_counts
model_find(const struct model *model, int64_t word)
{
	size_t low = 0, high = model->words;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (model->word[middle] == word)
			return model->counts[middle];
		if (model->word[middle] < word)
			low = middle + 1;
		else
			high = middle;
	}
	return (struct model_counts){0, 0};
}
