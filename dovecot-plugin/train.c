#include "dovecot-plugin/train.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/why.h"
#include "judge/junk_params.h"

/* an array of numbers for one call */
#define ARRAY_BYTES (24u << 20)

static enum train_state
state_of(struct text word)
{
	unsigned i;

	for (i = TRAIN_SPAM; i <= TRAIN_NONE; i++)
		if (text_equal(
			word, text_from(train_state_word((enum train_state)i))))
			return (enum train_state)i;
	return TRAIN_NONE;
}

/* --- the plan --- */

struct state {
	struct text message;
	enum train_state state;
	int64_t at_us;
	bool shared, is_there, changed;
	uint64_t bytes;
};

struct change {
	int64_t word;
	int32_t spam, ham, shared_spam, shared_ham;
};

struct plan {
	struct pg *pg;
	struct arena *arena;
	const struct train_limits *limits;
	struct text account;
	bool junk;
	int64_t shared_spam, shared_ham; /* as they will be */
	struct change totals;
	uint64_t spam, ham, undone;
	struct state *states;
	size_t state_count;
	struct change *changes;
	size_t change_count, change_room;
};

static struct state *
find_state(struct plan *plan, struct text message)
{
	size_t i;

	for (i = 0; i < plan->state_count; i++)
		if (text_equal(plan->states[i].message, message))
			return &plan->states[i];
	return NULL;
}

static void
add_change(struct change *to, const struct change *by)
{
	to->spam += by->spam;
	to->ham += by->ham;
	to->shared_spam += by->shared_spam;
	to->shared_ham += by->shared_ham;
}

/* The message's words count so much more. */
static void
count_words(struct plan *plan, const struct train_item *item, struct change by)
{
	size_t i;

	add_change(&plan->totals, &by);
	for (i = 0; i < item->word_count; i++) {
		assert(plan->change_count < plan->change_room);
		by.word = item->words[i];
		plan->changes[plan->change_count++] = by;
	}
}

static void
unlearn(struct plan *plan, struct state *state, const struct train_item *item)
{
	struct change by = {.word = 0};

	if (state->state != TRAIN_SPAM && state->state != TRAIN_HAM)
		return;
	if (state->state == TRAIN_SPAM) {
		by.spam = -1;
		by.shared_spam = -(int32_t)state->shared;
	} else {
		by.ham = -1;
		by.shared_ham = -(int32_t)state->shared;
	}
	plan->shared_spam += by.shared_spam;
	plan->shared_ham += by.shared_ham;
	plan->undone++;
	count_words(plan, item, by);
}

static void
learn(struct plan *plan, struct state *state, const struct train_item *item)
{
	const int64_t most = (int64_t)plan->limits->site_messages;
	struct change by = {.word = 0};

	state->shared = false;
	if (item->state == TRAIN_SPAM) {
		state->shared = plan->shared_spam < most;
		by.spam = 1;
		by.shared_spam = state->shared;
		plan->spam++;
	} else if (item->state == TRAIN_HAM) {
		state->shared = plan->shared_ham < most;
		by.ham = 1;
		by.shared_ham = state->shared;
		plan->ham++;
	} else {
		return;
	}
	plan->shared_spam += by.shared_spam;
	plan->shared_ham += by.shared_ham;
	count_words(plan, item, by);
}

static void
plan_item(struct plan *plan, const struct train_item *item)
{
	struct state *state = find_state(plan, item->message);

	assert(state != NULL);
	if (state->is_there && state->at_us >= item->at_us)
		return;
	if (!state->is_there && item->state == TRAIN_NONE)
		return;
	state->at_us = item->at_us;
	state->bytes = item->bytes;
	state->changed = true;
	if (state->is_there && state->state == item->state)
		return;
	unlearn(plan, state, item);
	learn(plan, state, item);
	state->is_there = true;
	state->state = item->state;
}

/* --- the words, each once --- */

static int
by_word(const void *a, const void *b)
{
	const struct change *left = a, *right = b;

	return (left->word > right->word) - (left->word < right->word);
}

static bool
is_nothing(const struct change *change)
{
	return change->spam == 0 && change->ham == 0 &&
	       change->shared_spam == 0 && change->shared_ham == 0;
}

static void
sum_words(struct plan *plan)
{
	size_t i, count = 0;

	if (plan->change_count > 0)
		qsort(plan->changes, plan->change_count, sizeof(*plan->changes),
		      by_word);
	for (i = 0; i < plan->change_count; i++) {
		if (count > 0 &&
		    plan->changes[count - 1].word == plan->changes[i].word) {
			add_change(&plan->changes[count - 1],
				   &plan->changes[i]);
			continue;
		}
		if (count > 0 && is_nothing(&plan->changes[count - 1]))
			count--;
		plan->changes[count++] = plan->changes[i];
	}
	if (count > 0 && is_nothing(&plan->changes[count - 1]))
		count--;
	plan->change_count = count;
}

/* --- arrays --- */

enum column { WORD, SPAM, HAM, SHARED_SPAM, SHARED_HAM };

static int64_t
cell(const struct change *change, enum column column)
{
	switch (column) {
	case WORD:
		return change->word;
	case SPAM:
		return change->spam;
	case HAM:
		return change->ham;
	case SHARED_SPAM:
		return change->shared_spam;
	case SHARED_HAM:
		return change->shared_ham;
	}
	return 0;
}

static struct pg_param
numbers(const struct plan *plan, enum column column)
{
	struct buf array;
	size_t i;

	buf_init(&array, plan->arena, ARRAY_BYTES);
	for (i = 0; i < plan->change_count; i++)
		buf_printf(&array, "%c%lld", i == 0 ? '{' : ',',
			   (long long)cell(&plan->changes[i], column));
	buf_string(&array, plan->change_count == 0 ? "{}" : "}");
	return pg_string(buf_cstring(&array));
}

/* --- calls --- */

static enum pg_status
lock(struct plan *plan, struct why *why)
{
	char version[16];
	struct pg_param params[2] = {pg_text(plan->account),
				     pg_string(version)};
	struct pg_rows *rows;
	enum pg_status status;

	snprintf(version, sizeof(version), "%d", JUNK_WORDS_VERSION);
	status = pg_call(plan->pg, plan->arena,
			 "select * from signet.junk_lock($1, $2)", params, 2,
			 &rows, why);
	if (status != PG_DONE || pg_rows_count(rows) == 0)
		return status;
	plan->junk = text_equal(pg_rows_text(rows, 0, 0), TEXT("t"));
	plan->shared_spam = pg_rows_int(rows, 0, 3);
	plan->shared_ham = pg_rows_int(rows, 0, 4);
	return PG_DONE;
}

/* A place for each message, and what the database knows of it. */
static enum pg_status
ask_states(struct plan *plan, const struct train_item *items, size_t count,
	   struct why *why)
{
	struct text *messages =
	    arena_new_array(plan->arena, struct text, count);
	struct pg_param params[2] = {pg_text(plan->account)};
	struct pg_rows *rows;
	enum pg_status status;
	struct state *state;
	size_t i;

	plan->states = arena_new_array(plan->arena, struct state, count);
	for (i = 0; i < count; i++) {
		if (find_state(plan, items[i].message) != NULL)
			continue;
		messages[plan->state_count] = items[i].message;
		plan->states[plan->state_count++].message = items[i].message;
	}
	params[1] = pg_texts(plan->arena, messages, plan->state_count);
	status = pg_call(plan->pg, plan->arena,
			 "select * from signet.junk_states($1, $2)", params, 2,
			 &rows, why);
	for (i = 0; status == PG_DONE && i < pg_rows_count(rows); i++) {
		state = find_state(plan, pg_rows_text(rows, i, 0));
		if (state == NULL)
			continue;
		state->is_there = true;
		state->state = state_of(pg_rows_text(rows, i, 1));
		state->at_us = pg_rows_int(rows, i, 2);
		state->shared = text_equal(pg_rows_text(rows, i, 3), TEXT("t"));
	}
	return status;
}

static enum pg_status
write_words(struct plan *plan, struct why *why)
{
	struct pg_param params[6] = {pg_text(plan->account)};

	sum_words(plan);
	if (plan->change_count == 0)
		return PG_DONE;
	params[1] = numbers(plan, WORD);
	params[2] = numbers(plan, SPAM);
	params[3] = numbers(plan, HAM);
	params[4] = numbers(plan, SHARED_SPAM);
	params[5] = numbers(plan, SHARED_HAM);
	return pg_call(plan->pg, plan->arena,
		       "select signet.junk_learn($1, $2, $3, $4, $5, $6)",
		       params, 6, NULL, why);
}

static enum pg_status
prune(struct plan *plan, struct text account, uint64_t most, struct why *why)
{
	struct pg_param params[3] = {
	    pg_text(account),
	    pg_string(
		arena_printf(plan->arena, "%llu", (unsigned long long)most)),
	    pg_string(
		arena_printf(plan->arena, "%llu seconds",
			     (unsigned long long)plan->limits->words_age_s))};

	return pg_call(plan->pg, plan->arena,
		       "select signet.junk_prune($1, $2, $3)", params, 3, NULL,
		       why);
}

/* Row by row: "{a,b}" of what changed. */
static void
write_states(struct plan *plan, struct pg_param params[5])
{
	struct buf to[5];
	size_t i, k;
	bool first = true;

	for (k = 0; k < 5; k++) {
		buf_init(&to[k], plan->arena, ARRAY_BYTES);
		buf_char(&to[k], '{');
	}
	for (i = 0; i < plan->state_count; i++) {
		const struct state *state = &plan->states[i];

		if (!state->changed)
			continue;
		for (k = 0; k < 5 && !first; k++)
			buf_char(&to[k], ',');
		first = false;
		buf_text(&to[0], state->message);
		buf_string(&to[1], train_state_word(state->state));
		buf_printf(&to[2], "%lld", (long long)state->at_us);
		buf_char(&to[3], state->shared ? 't' : 'f');
		buf_printf(&to[4], "%llu", (unsigned long long)state->bytes);
	}
	for (k = 0; k < 5; k++) {
		buf_char(&to[k], '}');
		params[k] = pg_string(buf_cstring(&to[k]));
	}
}

static enum pg_status
write_totals(struct plan *plan, struct why *why)
{
	const struct change *totals = &plan->totals;
	struct pg_param params[8] = {pg_text(plan->account)};
	struct pg_rows *rows;
	enum pg_status status;

	write_states(plan, params + 1);
	params[6] = pg_string(
	    arena_printf(plan->arena, "{%d,%d,%d,%d}", totals->spam,
			 totals->ham, totals->shared_spam, totals->shared_ham));
	params[7] = pg_string(arena_printf(
	    plan->arena, "{%llu,%llu,%llu}", (unsigned long long)plan->spam,
	    (unsigned long long)plan->ham, (unsigned long long)plan->undone));
	status = pg_call(plan->pg, plan->arena,
			 "select * from signet.junk_trained($1, $2, $3, $4, "
			 "$5, $6, $7, $8)",
			 params, 8, &rows, why);
	if (status != PG_DONE || pg_rows_count(rows) == 0)
		return status;
	if (pg_rows_int(rows, 0, 0) > (int64_t)plan->limits->words)
		status = prune(plan, plan->account, plan->limits->words, why);
	if (status == PG_DONE &&
	    pg_rows_int(rows, 0, 1) > (int64_t)plan->limits->site_words)
		status = prune(plan, TEXT(""), plan->limits->site_words, why);
	return status;
}

static bool
has_changed(const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->state_count; i++)
		if (plan->states[i].changed)
			return true;
	return false;
}

static void
make_plan(struct plan *plan, const struct train_item *items, size_t count)
{
	size_t i;

	/* a message may be unlearned and learned */
	for (i = 0; i < count; i++)
		plan->change_room += 2 * items[i].word_count;
	plan->changes =
	    arena_new_array(plan->arena, struct change, plan->change_room + 1);
	for (i = 0; i < count; i++)
		plan_item(plan, &items[i]);
}

enum pg_status
train_account(struct pg *pg, struct arena *arena,
	      const struct train_limits *limits, const struct train_item *items,
	      size_t count, struct train_counts *counts, struct why *why)
{
	struct plan plan = {.pg = pg,
			    .arena = arena,
			    .limits = limits,
			    .account = items[0].account};
	enum pg_status status = lock(&plan, why);

	if (status != PG_DONE || !plan.junk)
		return status;
	status = ask_states(&plan, items, count, why);
	if (status != PG_DONE)
		return status;
	make_plan(&plan, items, count);
	if (!has_changed(&plan))
		return PG_DONE;
	status = write_words(&plan, why);
	if (status == PG_DONE)
		status = write_totals(&plan, why);
	counts->spam += plan.spam;
	counts->ham += plan.ham;
	counts->undone += plan.undone;
	return status;
}
