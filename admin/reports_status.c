#include "admin/reports_status.h"

#include <stdio.h>

#include "base/arena.h"
#include "io/pg.h"

enum column {
	SENT,
	WAITING,
	GIVEN_UP,
	RECEIVED,
	REFUSED,
	ASIDE,
	REASON,
	ALERT
};

static bool
is_quiet(const struct pg_rows *rows)
{
	int column;

	for (column = SENT; column <= ASIDE; column++)
		if (pg_rows_int(rows, 0, column) > 0)
			return false;
	return true;
}

static bool
show_tls(struct pg *pg, struct arena *arena,
	 void (*wrong)(const char *sentence), struct why *why)
{
	enum { TLS_SENT, TLS_WAITING, TLS_GIVEN_UP, TLS_ALERT };
	struct pg_rows *rows;
	int64_t sent, waiting, given_up;

	if (pg_call(pg, arena,
		    "select sent, waiting, given_up, alert "
		    "from signet.status_tls_reports()",
		    NULL, 0, &rows, why) != PG_DONE)
		return false;
	sent = pg_rows_int(rows, 0, TLS_SENT);
	waiting = pg_rows_int(rows, 0, TLS_WAITING);
	given_up = pg_rows_int(rows, 0, TLS_GIVEN_UP);
	if (sent + waiting + given_up > 0)
		printf("%-10s in 24 hours: %lld sent, %lld given up; %lld "
		       "wait\n",
		       "TLS report", (long long)sent, (long long)given_up,
		       (long long)waiting);
	if (!pg_rows_is_null(rows, 0, TLS_ALERT))
		wrong(text_string(arena, pg_rows_text(rows, 0, TLS_ALERT)));
	return true;
}

bool
reports_status_show(struct pg *pg, struct arena *arena,
		    void (*wrong)(const char *sentence), struct why *why)
{
	struct pg_rows *rows;

	if (pg_call(pg, arena,
		    "select sent, waiting, given_up, received, refused, "
		    "aside, aside_reason, alert from signet.status_reports()",
		    NULL, 0, &rows, why) != PG_DONE)
		return false;
	if (is_quiet(rows))
		return show_tls(pg, arena, wrong, why);
	printf("%-10s in 24 hours: %lld sent, %lld given up, %lld received, "
	       "%lld mails refused; %lld wait\n",
	       "reports", (long long)pg_rows_int(rows, 0, SENT),
	       (long long)pg_rows_int(rows, 0, GIVEN_UP),
	       (long long)pg_rows_int(rows, 0, RECEIVED),
	       (long long)pg_rows_int(rows, 0, REFUSED),
	       (long long)pg_rows_int(rows, 0, WAITING));
	if (pg_rows_int(rows, 0, ASIDE) > 0)
		wrong(arena_printf(
		    arena,
		    "%lld that came in 24 hours could not be read, the last: "
		    "%.200s (select * from signet.v_report_in_refused; "
		    "signet-report-intake --retry)",
		    (long long)pg_rows_int(rows, 0, ASIDE),
		    text_string(arena, pg_rows_text(rows, 0, REASON))));
	if (!pg_rows_is_null(rows, 0, ALERT))
		wrong(text_string(arena, pg_rows_text(rows, 0, ALERT)));
	return show_tls(pg, arena, wrong, why);
}
