#include "dovecot-plugin/batch.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/why.h"
#include "dovecot-plugin/mailbox_settings.h"
#include "dovecot-plugin/model_cache.h"
#include "io/in_work.h"

/* The server gives up before we do, so that no call stays behind there. */
#define BEGIN "begin; set local statement_timeout = '50s'"

/* What Postgres has not had before, by account and time. */
struct fresh {
	const struct batch_item **items;
	size_t count;
};

void
batch_add(struct batch *batch, const char *name,
	  const struct mailbox_event *event)
{
	struct batch_item *item = &batch->items[batch->count++];

	*item = (struct batch_item){.name = name, .event = *event};
	item->has_message = event->message.len > 0;
	if (item->has_message)
		message_facts_read(batch->arena, batch->settings,
				   event->message, &item->facts);
	if (batch->settings->junk)
		item->meaning = train_meaning(event);
}

bool
batch_is_full(const struct batch *batch)
{
	return batch->count == BATCH_EVENTS || batch->bytes >= BATCH_BYTES;
}

/* --- which are new --- */

static enum pg_status
note_events(struct batch *batch, struct fresh *fresh, struct why *why)
{
	struct arena *arena = batch->arena;
	struct text *columns[5];
	struct pg_param params[5];
	struct pg_rows *rows;
	enum pg_status status;
	size_t i, k;

	for (k = 0; k < 5; k++)
		columns[k] = arena_new_array(arena, struct text, batch->count);
	for (i = 0; i < batch->count; i++) {
		const struct batch_item *item = &batch->items[i];

		columns[0][i] = item->event.id;
		columns[1][i] = text_from(
		    arena_printf(arena, "%lld", (long long)item->event.at_us));
		columns[2][i] = item->event.user;
		columns[3][i] = text_from(event_kind_word(item->event.kind));
		columns[4][i] = text_from(train_state_word(item->meaning));
	}
	for (k = 0; k < 5; k++)
		params[k] = pg_texts(arena, columns[k], batch->count);
	status = pg_call(batch->pg, arena,
			 "select * from signet.mailbox_batch($1, $2, $3, $4, "
			 "$5)",
			 params, 5, &rows, why);
	for (i = 0; status == PG_DONE && i < pg_rows_count(rows); i++) {
		int64_t place = pg_rows_int(rows, i, 0);

		if (place >= 1 && place <= (int64_t)batch->count)
			fresh->items[fresh->count++] = &batch->items[place - 1];
	}
	return status;
}

static int
by_account(const void *a, const void *b)
{
	const struct batch_item *left = *(const struct batch_item *const *)a;
	const struct batch_item *right = *(const struct batch_item *const *)b;
	int order = text_compare(left->event.user, right->event.user);

	if (order != 0)
		return order;
	if (left->event.at_us != right->event.at_us)
		return left->event.at_us < right->event.at_us ? -1 : 1;
	return text_compare(left->event.id, right->event.id);
}

/* --- training --- */

static enum pg_status
train_one(struct batch *batch, const struct train_item *items, size_t count,
	  struct batch_result *result, struct why *why)
{
	const struct mailbox_settings *settings = batch->settings;
	const struct train_limits limits = {
	    .site_messages = settings->site_messages,
	    .words = settings->words,
	    .site_words = settings->site_words,
	    .words_age_s = settings->words_age_s};

	return train_account(batch->pg, batch->arena, &limits, items, count,
			     &result->trained, why);
}

/* Their numbers alone: what else it took to find them goes at once. */
static void
take_words(struct arena *arena, const struct batch_item *from,
	   struct train_item *item)
{
	struct arena *scratch = arena_new();
	struct junk_tokens tokens;
	int64_t *words;
	size_t i;

	/* the learner has asked whether it may be touched */
	in_work_try("the event", text_from(from->name), text_from(from->name));
	message_facts_words(scratch, &from->facts, from->event.message,
			    &tokens);
	in_work_done();
	words = arena_new_array(arena, int64_t, tokens.count + 1);
	for (i = 0; i < tokens.count; i++)
		words[i] = tokens.at[i].id;
	item->words = words;
	item->word_count = tokens.count;
	arena_free(scratch);
}

static void
make_item(struct arena *arena, const struct batch_item *from,
	  struct train_item *item)
{
	const struct mailbox_event *event = &from->event;

	*item = (struct train_item){
	    .account = event->user,
	    .state = from->meaning,
	    .at_us = event->at_us,
	    .message = message_key(arena, event->message, event->size),
	    .bytes = event->size,
	};
	take_words(arena, from, item);
}

static enum pg_status
train(struct batch *batch, const struct fresh *fresh,
      struct batch_result *result, struct why *why)
{
	struct train_item *items =
	    arena_new_array(batch->arena, struct train_item, fresh->count + 1);
	enum pg_status status = PG_DONE;
	size_t i, first = 0, count = 0;

	for (i = 0; i < fresh->count; i++)
		if (fresh->items[i]->meaning != TRAIN_NOTHING)
			make_item(batch->arena, fresh->items[i],
				  &items[count++]);
	for (i = 1; i <= count && status == PG_DONE; i++) {
		if (i < count &&
		    text_equal(items[i].account, items[first].account))
			continue;
		status =
		    train_one(batch, items + first, i - first, result, why);
		first = i;
	}
	return status;
}

/* --- parts --- */

static enum pg_status
tell_part(struct batch *batch, const struct mailbox_part *part,
	  const struct fresh *fresh, struct batch_result *result,
	  struct why *why)
{
	struct happening *told =
	    arena_new_array(batch->arena, struct happening, fresh->count + 1);
	size_t i, count = 0;

	for (i = 0; i < fresh->count; i++) {
		const struct batch_item *item = fresh->items[i];

		if ((part->kinds & 1u << item->event.kind) == 0)
			continue;
		told[count].event = &item->event;
		if (item->has_message) {
			told[count].header = &item->facts.header;
			told[count].verified = &item->facts.verified;
		}
		count++;
	}
	if (count == 0 || part->events == NULL)
		return PG_DONE;
	result->parts = true;
	return part->events(batch->settings, batch->pg, batch->arena, told,
			    count, why);
}

static enum pg_status
write_inside(struct batch *batch, struct batch_result *result, struct why *why)
{
	struct fresh fresh = {
	    .items = arena_new_array(batch->arena, const struct batch_item *,
				     batch->count)};
	enum pg_status status = note_events(batch, &fresh, why);
	size_t i;

	if (status != PG_DONE)
		return status;
	result->events = fresh.count;
	result->again = batch->count - fresh.count;
	if (fresh.count == 0)
		return PG_DONE;
	qsort(fresh.items, fresh.count, sizeof(*fresh.items), by_account);
	status = train(batch, &fresh, result, why);
	for (i = 0; status == PG_DONE && mailbox_parts[i] != NULL; i++)
		status =
		    tell_part(batch, mailbox_parts[i], &fresh, result, why);
	return status;
}

/* --- the transaction --- */

/* Whose model may be another one after it. */
static void
mark(struct batch *batch,
     void (*change)(struct model_cache *cache, struct text account))
{
	size_t i;

	for (i = 0; i < batch->count; i++)
		if (batch->items[i].event.kind != EVENT_QUOTA)
			change(batch->cache, batch->items[i].event.user);
}

static enum pg_status
transact(struct batch *batch, struct batch_result *result, struct why *why)
{
	enum pg_status status = pg_run(batch->pg, BEGIN, why);
	struct why ignored;

	if (status == PG_DONE)
		status = write_inside(batch, result, why);
	if (status == PG_DONE)
		return pg_run(batch->pg, "commit", why);
	if (status == PG_REFUSED)
		pg_run(batch->pg, "rollback", &ignored);
	return status;
}

enum pg_status
batch_write(struct batch *batch, struct batch_result *result, struct why *why)
{
	enum pg_status status;

	*result = (struct batch_result){.events = 0};
	mark(batch, model_cache_change_begin);
	status = transact(batch, result, why);
	mark(batch, model_cache_change_end);
	return status;
}
