#include "admin/tls_history.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "base/why.h"
#include "io/pg.h"

#define SHOWN_MOST 200

struct history {
	struct arena *arena;
	struct pg *pg;
	struct pg_param domain;
	struct pg_rows *rows;
	struct buf *to;
};

static bool
ask(struct history *history, const char *sql, struct why *why)
{
	return pg_call(history->pg, history->arena, sql, &history->domain, 1,
		       &history->rows, why) == PG_DONE;
}

/* What others have written, too: made fit for a terminal. */
static struct text
shown(const struct history *history, size_t row, int column)
{
	return utf8_for_log(history->arena,
			    pg_rows_text(history->rows, row, column),
			    SHOWN_MOST);
}

/* A title before the first line, blanks before the others. */
static const char *
title_of(const char *title, size_t row)
{
	return row == 0 ? title : "";
}

/* --- what was seen --- */

static bool
write_seen(struct history *history, struct why *why)
{
	size_t i;

	if (!ask(history,
		 "select s.level, s.state || coalesce(to_char(s.at at time "
		 "zone 'UTC', '  YYYY-MM-DD HH24:MI'), '') "
		 "from signet.rcpt_security($1) s",
		 why))
		return false;
	for (i = 0; i < pg_rows_count(history->rows); i++)
		buf_printf(history->to, "%-9s %-11.*s %.*s\n",
			   title_of("seen", i), TEXT_ARG(shown(history, i, 0)),
			   TEXT_ARG(shown(history, i, 1)));
	return true;
}

/* --- sessions --- */

static bool
write_days(struct history *history, struct why *why)
{
	size_t i;

	if (!ask(history,
		 "select to_char(d.day, 'YYYY-MM-DD'), d.successful, d.failed, "
		 "d.uncounted from signet.tls_page_days($1) d",
		 why))
		return false;
	for (i = 0; i < pg_rows_count(history->rows); i++)
		buf_printf(history->to,
			   "%-9s %.*s  %lld good, %lld failed, %lld "
			   "with remarks\n",
			   title_of("days", i), TEXT_ARG(shown(history, i, 0)),
			   (long long)pg_rows_int(history->rows, i, 1),
			   (long long)pg_rows_int(history->rows, i, 2),
			   (long long)pg_rows_int(history->rows, i, 3));
	if (i == 0)
		buf_string(history->to,
			   "days      no TLS session in the last 7\n");
	return true;
}

static bool
write_sessions(struct history *history, struct why *why)
{
	size_t i;

	if (!ask(history,
		 "select to_char(s.at at time zone 'UTC', "
		 "'YYYY-MM-DD HH24:MI'), case when s.success then 'good' "
		 "when s.success is null then 'remark' else 'FAILED' end, "
		 "coalesce(s.policy_type, ''), concat_ws(' ', s.failure, "
		 "s.receiving_mx, '(' || s.reason || ')'), s.source "
		 "from signet.tls_page_sessions($1) s",
		 why))
		return false;
	for (i = 0; i < pg_rows_count(history->rows); i++)
		buf_printf(history->to, "%-9s %.*s  %-7.*s%-16.*s%.*s [%.*s]\n",
			   title_of("sessions", i),
			   TEXT_ARG(shown(history, i, 0)),
			   TEXT_ARG(shown(history, i, 1)),
			   TEXT_ARG(shown(history, i, 2)),
			   TEXT_ARG(shown(history, i, 3)),
			   TEXT_ARG(shown(history, i, 4)));
	return true;
}

/* --- reports --- */

static bool
write_ours(struct history *history, struct why *why)
{
	size_t i;

	if (!ask(
		history,
		"select to_char(r.day, 'YYYY-MM-DD'), concat_ws(': ', r.state, "
		"r.reason), coalesce(r.destinations, '') "
		"from signet.tls_page_reports_out($1) r",
		why))
		return false;
	for (i = 0; i < pg_rows_count(history->rows); i++)
		buf_printf(history->to, "%-9s %.*s  %.*s  %.*s\n",
			   title_of("ours", i), TEXT_ARG(shown(history, i, 0)),
			   TEXT_ARG(shown(history, i, 1)),
			   TEXT_ARG(shown(history, i, 2)));
	if (i == 0)
		buf_string(history->to,
			   "ours      no TLS report was due to them\n");
	return true;
}

static bool
write_theirs(struct history *history, struct why *why)
{
	size_t i;

	if (!ask(history,
		 "select to_char(r.day, 'YYYY-MM-DD'), r.policy_domain, "
		 "r.successful, r.failed from signet.tls_page_reports_in($1) r",
		 why))
		return false;
	for (i = 0; i < pg_rows_count(history->rows); i++)
		buf_printf(history->to,
			   "%-9s %.*s  about %.*s: %lld good, %lld failed\n",
			   title_of("theirs", i),
			   TEXT_ARG(shown(history, i, 0)),
			   TEXT_ARG(shown(history, i, 1)),
			   (long long)pg_rows_int(history->rows, i, 2),
			   (long long)pg_rows_int(history->rows, i, 3));
	if (i == 0)
		buf_string(history->to,
			   "theirs    no TLS report from them to us\n");
	return true;
}

static void
write_trouble(struct arena *arena, const char *why, struct buf *to)
{
	buf_printf(to,
		   "database  not asked, so what was seen and reported is not "
		   "shown: " TEXT_FMT "\n",
		   TEXT_ARG(utf8_for_log(arena, text_from(why), SHOWN_MOST)));
}

void
tls_history_write(struct arena *arena, struct pg *pg, struct domain domain,
		  struct buf *to)
{
	static bool (*const parts[])(struct history *, struct why *) = {
	    write_seen, write_days, write_sessions, write_ours, write_theirs};
	struct history history = {
	    .arena = arena, .pg = pg, .domain = pg_text(domain.name), .to = to};
	struct why why;
	size_t i;

	if (pg == NULL) {
		write_trouble(arena, "--no-database", to);
		return;
	}
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!parts[i](&history, &why)) {
			write_trouble(arena, why.text, to);
			return;
		}
}
