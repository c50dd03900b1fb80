#include "postfix-policy/override_list.h"

#include "base/arena.h"
#include "base/limits.h"
#include "io/pg.h"

bool
override_list_make(struct arena *arena, struct text name, struct text level,
		   struct text match, struct text reason, int64_t until_s,
		   struct tls_override *override)
{
	*override = (struct tls_override){.reason = text_copy(arena, reason),
					  .until_s = until_s != 0 ? until_s
								  : INT64_MAX};
	if (!tls_override_name(arena, name, override, NULL))
		return false;
	if (tls_override_level(level, override, NULL) &&
	    tls_override_match(arena, match, override, NULL))
		return true;
	override->is_published = false;
	override->level = TLS_LEVEL_UNSET;
	return true;
}

bool
override_list_read(struct arena *arena, struct pg *pg,
		   struct override_list *list, struct why *why)
{
	struct tls_override *overrides;
	struct pg_rows *rows;
	size_t i;

	*list = (struct override_list){0};
	if (pg_call(pg, arena,
		    "select o.name, o.level, o.match, o.reason, "
		    "coalesce(ceil(extract(epoch from o.until)), 0)::bigint "
		    "from signet.tls_overrides() o",
		    NULL, 0, &rows, why) != PG_DONE)
		return false;
	overrides =
	    arena_new_array(arena, struct tls_override, pg_rows_count(rows));
	for (i = 0; i < pg_rows_count(rows); i++)
		if (override_list_make(
			arena, pg_rows_text(rows, i, 0),
			pg_rows_text(rows, i, 1), pg_rows_text(rows, i, 2),
			pg_rows_text(rows, i, 3), pg_rows_int(rows, i, 4),
			&overrides[list->count]))
			list->count++;
	list->first = overrides;
	return true;
}
