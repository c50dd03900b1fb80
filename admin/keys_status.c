#include "admin/keys_status.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/why.h"
#include "io/config_keys.h"
#include "io/pg.h"

/* An interval, or null for 0 if that means never. */
static struct pg_param
interval(struct arena *arena, uint64_t seconds, bool zero_is_never)
{
	if (seconds == 0 && zero_is_never)
		return pg_string(NULL);
	return pg_string(arena_printf(arena, "%" PRIu64 " seconds", seconds));
}

static bool
show_counts(struct pg *pg, struct arena *arena, struct why *why)
{
	struct pg_rows *rows;

	if (pg_call(pg, arena,
		    "select count(*) filter (where state = 'active'), "
		    "count(distinct domain) filter (where state = 'active'), "
		    "count(*) filter (where state <> 'deleted') "
		    "from signet.signing_keys()",
		    NULL, 0, &rows, why) != PG_DONE)
		return false;
	if (pg_rows_int(rows, 0, 2) > 0)
		printf("%-10s %lld sign for %lld domains; %lld in all\n",
		       "keys", (long long)pg_rows_int(rows, 0, 0),
		       (long long)pg_rows_int(rows, 0, 1),
		       (long long)pg_rows_int(rows, 0, 2));
	return true;
}

bool
keys_status_show(struct pg *pg, struct arena *arena,
		 const struct config_keys *settings,
		 void (*late)(const char *sentence), struct why *why)
{
	struct pg_param params[] = {
	    interval(arena, settings->lifetime_s, true),
	    interval(arena, settings->settle_s, false),
	    interval(arena, settings->retire_s, false),
	    interval(arena, settings->revoke_s, false),
	    interval(arena, settings->overdue_s, false),
	};
	struct pg_rows *rows;
	size_t i;

	if (!show_counts(pg, arena, why) ||
	    pg_call(pg, arena,
		    "select domain, selector, state, days, host, due "
		    "from signet.signing_keys_overdue($1, $2, $3, $4, $5)",
		    params, 5, &rows, why) != PG_DONE)
		return false;
	for (i = 0; i < pg_rows_count(rows); i++)
		late(arena_printf(arena,
				  TEXT_FMT " " TEXT_FMT " is " TEXT_FMT
					   " since %lld days: " TEXT_FMT
					   " (signet keys rotate on " TEXT_FMT
					   ")",
				  TEXT_ARG(pg_rows_text(rows, i, 0)),
				  TEXT_ARG(pg_rows_text(rows, i, 1)),
				  TEXT_ARG(pg_rows_text(rows, i, 2)),
				  (long long)pg_rows_int(rows, i, 3),
				  TEXT_ARG(pg_rows_text(rows, i, 5)),
				  TEXT_ARG(pg_rows_text(rows, i, 4))));
	return true;
}
