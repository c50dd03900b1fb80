#include "admin/tls_status.h"

#include <stdio.h>

#include "base/arena.h"
#include "io/pg.h"

enum column { SESSIONS, FAILED, DOMAINS, WORST, FAILURE, NEWEST };

bool
tls_status_show(struct pg *pg, struct arena *arena, struct why *why)
{
	struct pg_rows *rows;

	if (pg_call(pg, arena,
		    "select sessions, failed, domains, worst_domain, "
		    "worst_failure, newest_s::bigint from signet.status_tls()",
		    NULL, 0, &rows, why) != PG_DONE)
		return false;
	if (pg_rows_int(rows, 0, SESSIONS) == 0)
		return true;
	printf("%-10s in 24 hours: %lld sessions, %lld failed", "tls",
	       (long long)pg_rows_int(rows, 0, SESSIONS),
	       (long long)pg_rows_int(rows, 0, FAILED));
	if (!pg_rows_is_null(rows, 0, WORST)) {
		printf(" to %lld domains, most to " TEXT_FMT,
		       (long long)pg_rows_int(rows, 0, DOMAINS),
		       TEXT_ARG(pg_rows_text(rows, 0, WORST)));
		if (!pg_rows_is_null(rows, 0, FAILURE))
			printf(" (" TEXT_FMT ")",
			       TEXT_ARG(pg_rows_text(rows, 0, FAILURE)));
	}
	printf("; the newest %lld s ago\n",
	       (long long)pg_rows_int(rows, 0, NEWEST));
	return true;
}
