#include "admin/quota_status.h"

#include <stdio.h>

#include "base/arena.h"
#include "io/pg.h"

/* The timer runs daily. */
#define RECONCILED_MOST_S (3 * 86400)

enum column {
	ACCOUNTS,
	OVER,
	DOMAINS_OVER,
	COMING,
	NEWEST,
	HOST,
	RECONCILED,
	MENDED
};

static void
show_line(const struct pg_rows *rows)
{
	printf("%-10s %lld accounts, %lld over their limit", "quota",
	       (long long)pg_rows_int(rows, 0, ACCOUNTS),
	       (long long)pg_rows_int(rows, 0, OVER));
	if (pg_rows_int(rows, 0, DOMAINS_OVER) > 0)
		printf(", %lld domains over theirs",
		       (long long)pg_rows_int(rows, 0, DOMAINS_OVER));
	if (pg_rows_int(rows, 0, COMING) > 0)
		printf(", %lld messages on their way",
		       (long long)pg_rows_int(rows, 0, COMING));
	if (!pg_rows_is_null(rows, 0, NEWEST))
		printf("; newest report %lld s ago",
		       (long long)pg_rows_int(rows, 0, NEWEST));
	putchar('\n');
}

bool
quota_status_show(struct pg *pg, struct arena *arena,
		  void (*wrong)(const char *sentence), struct why *why)
{
	struct pg_rows *rows;

	if (pg_call(pg, arena,
		    "select accounts, over, domains_over, coming, "
		    "newest_s::bigint, reconciled, reconciled_s::bigint, "
		    "mended from signet.status_quota()",
		    NULL, 0, &rows, why) != PG_DONE)
		return false;
	if (pg_rows_int(rows, 0, ACCOUNTS) == 0)
		return true;
	show_line(rows);
	if (pg_rows_is_null(rows, 0, NEWEST))
		wrong("Dovecot never told usage: is its plugin signet on, and "
		      "does signet-mailbox run?");
	if (!pg_rows_is_null(rows, 0, HOST) &&
	    pg_rows_int(rows, 0, RECONCILED) > RECONCILED_MOST_S)
		wrong(arena_printf(arena,
				   "usage on " TEXT_FMT " was last compared "
				   "with Dovecot %lld days ago: does "
				   "signet-quota.timer run there?",
				   TEXT_ARG(pg_rows_text(rows, 0, HOST)),
				   (long long)pg_rows_int(rows, 0, RECONCILED) /
				       86400));
	return true;
}
