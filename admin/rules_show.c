#include "admin/rules_show.h"

#include "admin/rules_call.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "io/pg.h"

#define SHOWN_MOST 200

/* What others have written: made fit for a terminal. */
static struct text
shown(struct rules_call *call, const struct pg_rows *rows, size_t row,
      int column)
{
	return utf8_for_log(call->arena, pg_rows_text(rows, row, column),
			    SHOWN_MOST);
}

static void
print_line(struct rules_call *call, const struct pg_rows *rows, size_t row)
{
	struct text domain = shown(call, rows, row, 4);

	printf("%8.*s  %-10.*s  %-7.*s  %.*s",
	       TEXT_ARG(shown(call, rows, row, 1)),
	       TEXT_ARG(shown(call, rows, row, 0)),
	       TEXT_ARG(shown(call, rows, row, 2)),
	       TEXT_ARG(shown(call, rows, row, 3)));
	if (domain.len > 0)
		printf(" (%.*s)", TEXT_ARG(domain));
	if (!pg_rows_is_null(rows, row, 5) &&
	    !text_equal(pg_rows_text(rows, row, 2), TEXT("mailbox")))
		printf(" -> %.*s", TEXT_ARG(shown(call, rows, row, 5)));
	printf("  %.*s\n", TEXT_ARG(shown(call, rows, row, 6)));
}

static int
list_account(struct rules_call *call)
{
	struct pg_param account = pg_string(call->words[0]);
	struct pg_rows *rows;
	size_t i;

	if (!rules_ask(call, "select signet.rules_mode($1)", &account, 1,
		       &rows))
		return 2;
	printf("mode: " TEXT_FMT "\n", TEXT_ARG(pg_rows_text(rows, 0, 0)));
	if (!rules_ask(call,
		       "select r.what, r.id, r.kind, r.value, r.domain, "
		       "r.mailbox, concat_ws(', ', r.source, case r.moves "
		       "when 1 then '1 move' else r.moves || ' moves' end, "
		       "to_char(r.at at time zone 'UTC', "
		       "'YYYY-MM-DD HH24:MI')) from signet.rules_of($1) r",
		       &account, 1, &rows))
		return 2;
	for (i = 0; i < pg_rows_count(rows); i++)
		print_line(call, rows, i);
	if (pg_rows_count(rows) == 0)
		puts("nothing");
	return 0;
}

static int
list_all(struct rules_call *call)
{
	struct pg_rows *rows;
	size_t i;

	if (!rules_ask(
		call,
		"select a.account, count(*) filter (where a.what = 'rule'), "
		"count(*) filter (where a.what = 'suggestion'), "
		"signet.rules_mode(a.account) from ("
		"select r.account, 'rule' from signet.v_rule r union all "
		"select s.account, 'suggestion' from "
		"signet.v_rule_suggestion s) a (account, what) "
		"group by a.account order by a.account",
		NULL, 0, &rows))
		return 2;
	for (i = 0; i < pg_rows_count(rows); i++)
		printf("%-32.*s  %.*s rules  %.*s suggestions  %.*s\n",
		       TEXT_ARG(shown(call, rows, i, 0)),
		       TEXT_ARG(pg_rows_text(rows, i, 1)),
		       TEXT_ARG(pg_rows_text(rows, i, 2)),
		       TEXT_ARG(pg_rows_text(rows, i, 3)));
	if (pg_rows_count(rows) == 0)
		puts("nobody has a rule, and nothing is suggested");
	return 0;
}

int
rules_list(struct rules_call *call)
{
	return call->count > 0 ? list_account(call) : list_all(call);
}

int
rules_lists(struct rules_call *call)
{
	struct pg_rows *rows;
	size_t i;

	if (!rules_ask(call,
		       "select l.confirmed, l.accounts, l.list, l.domain "
		       "from signet.v_rule_list l "
		       "order by l.confirmed desc, l.accounts desc, l.list, "
		       "l.domain",
		       NULL, 0, &rows))
		return 2;
	for (i = 0; i < pg_rows_count(rows); i++)
		printf("%8.*s confirmed of %-8.*s  %.*s (%.*s)\n",
		       TEXT_ARG(pg_rows_text(rows, i, 0)),
		       TEXT_ARG(pg_rows_text(rows, i, 1)),
		       TEXT_ARG(shown(call, rows, i, 2)),
		       TEXT_ARG(shown(call, rows, i, 3)));
	if (pg_rows_count(rows) == 0)
		puts("nobody has a rule for a list");
	return 0;
}
