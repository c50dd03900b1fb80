#include "dovecot-plugin/mailbox_quota.h"

#include <inttypes.h>

#include "base/arena.h"
#include "dovecot-plugin/mailbox_settings.h"

enum column {
	ACCOUNT,
	ROOT,
	BYTES,
	BYTES_LIMIT,
	MESSAGES,
	MESSAGES_LIMIT,
	AT,
	COLUMNS
};

static const char sql[] =
    "select signet.quota_report($1, $2, $3::text[]::bigint[], "
    "$4::text[]::bigint[], $5::text[]::bigint[], $6::text[]::bigint[], "
    "array(select 'epoch'::timestamptz + t.us::bigint * interval "
    "'1 microsecond' from unnest($7::text[]) with ordinality as t (us, n) "
    "order by t.n), $8)";

/* Postgres has no larger numbers. */
static struct text
number(struct arena *arena, uint64_t value)
{
	return text_from(arena_printf(arena, "%" PRIu64,
				      value < INT64_MAX ? value : INT64_MAX));
}

static enum pg_status
report(const struct mailbox_settings *settings, struct pg *pg,
       struct arena *arena, const struct happening *happenings, size_t count,
       struct why *why)
{
	struct text *values[COLUMNS];
	struct pg_param params[COLUMNS + 1];
	size_t i, column;

	for (column = 0; column < COLUMNS; column++)
		values[column] = arena_new_array(arena, struct text, count);
	for (i = 0; i < count; i++) {
		const struct mailbox_event *event = happenings[i].event;
		const struct event_quota *quota = &event->quota;

		values[ACCOUNT][i] = event->user;
		values[ROOT][i] = quota->root;
		values[BYTES][i] = number(arena, quota->bytes);
		values[BYTES_LIMIT][i] = number(arena, quota->bytes_limit);
		values[MESSAGES][i] = number(arena, quota->messages);
		values[MESSAGES_LIMIT][i] =
		    number(arena, quota->messages_limit);
		values[AT][i] =
		    text_from(arena_printf(arena, "%" PRId64, event->at_us));
	}
	for (column = 0; column < COLUMNS; column++)
		params[column] = pg_texts(arena, values[column], count);
	params[COLUMNS] = pg_string(settings->common.hostname);
	return pg_call(pg, arena, sql, params, COLUMNS + 1, NULL, why);
}

const struct mailbox_part mailbox_quota = {
    .name = "quota",
    .kinds = 1u << EVENT_QUOTA,
    .events = report,
};
