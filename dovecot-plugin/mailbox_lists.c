#include "dovecot-plugin/mailbox_lists.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "dovecot-plugin/mailbox_settings.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/log.h"
#include "io/pg.h"
#include "judge/trusted_lists.h"

/* Nobody waits for it. */
#define PAUSE_MS 10000

static bool
ask(const struct mailbox_settings *settings, struct pg *pg, struct arena *arena,
    struct trusted_lists *lists, struct why *why)
{
	struct pg_param accounts = pg_string(
	    arena_printf(arena, "%" PRIu64, settings->lists_accounts));
	struct pg_rows *rows;
	size_t i;

	if (pg_call(pg, arena,
		    "select l.list, l.domain, l.accounts "
		    "from signet.rule_lists($1) l",
		    &accounts, 1, &rows, why) != PG_DONE)
		return false;
	lists->values =
	    arena_new_array(arena, struct trusted_list, pg_rows_count(rows));
	for (i = 0; i < pg_rows_count(rows); i++) {
		struct trusted_list *list = &lists->values[lists->count];

		list->id = pg_rows_text(rows, i, 0);
		list->accounts = (uint64_t)pg_rows_int(rows, i, 2);
		if (domain_parse(arena, pg_rows_text(rows, i, 1), &list->domain,
				 NULL))
			lists->count++;
	}
	return true;
}

/* True if the file holds this already. */
static bool
is_there(struct arena *arena, const char *path, struct text contents)
{
	struct text there;

	return access(path, F_OK) == 0 &&
	       file_read(arena, path, LIMIT_TRUSTED_LISTS_BYTES, &there,
			 NULL) &&
	       text_equal(there, contents);
}

static bool
write_lists(struct arena *arena, const char *path, struct trusted_lists *lists,
	    struct why *why)
{
	struct trusted_lists again;
	struct buf to;

	buf_init(&to, arena, LIMIT_TRUSTED_LISTS_BYTES);
	trusted_lists_write(lists, &to);
	if (!buf_ok(&to))
		return why_set(why, "the lists are too many for a file");
	/* what signet-milter would refuse stays here */
	if (!trusted_lists_parse(arena, buf_view(&to), &again, why))
		return why_prefix(why, "lists for signet-milter");
	if (is_there(arena, path, buf_view(&to)))
		return true;
	if (!file_replace(arena, path, buf_view(&to), 0644, why))
		return false;
	log_info("%zu lists that users have rules for are in %s", lists->count,
		 path);
	return true;
}

bool
mailbox_lists_round(const struct mailbox_settings *settings, struct pg *pg,
		    struct why *why)
{
	static int64_t next_ms;
	struct trusted_lists lists = {NULL, 0};
	struct arena *arena;
	bool done;

	if (clock_monotonic_ms() < next_ms)
		return true;
	if (settings->lists_accounts == 0 &&
	    access(settings->lists_file, F_OK) != 0)
		return true;
	arena = arena_new();
	done = (settings->lists_accounts == 0 ||
		ask(settings, pg, arena, &lists, why)) &&
	       write_lists(arena, settings->lists_file, &lists, why);
	arena_free(arena);
	next_ms = clock_monotonic_ms() + PAUSE_MS;
	return done;
}
