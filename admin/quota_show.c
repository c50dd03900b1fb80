#include "admin/quota_show.h"

#include <stdio.h>
#include <string.h>

#include "admin/quota.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "io/pg.h"

#define SHOWN_MOST 200

/* What others have chosen, too: made fit for a terminal. */
static struct text
shown(struct quota_run *run, const struct pg_rows *rows, size_t row, int column)
{
	return utf8_for_log(run->arena, pg_rows_text(rows, row, column),
			    SHOWN_MOST);
}

static const char amounts[] =
    "select l.name, pg_size_pretty(l.bytes), case when l.bytes_limit > 0 then "
    "pg_size_pretty(l.bytes_limit) || ' ' || 100 * l.bytes / l.bytes_limit || "
    "'%' else '-' end, l.messages, case when l.messages_limit > 0 then "
    "l.messages_limit::text else '-' end, "
    "case when l.is_over then 'over' else '' end, "
    "case when l.coming > 0 then pg_size_pretty(l.coming) || ' coming' else "
    "'' end, to_char(l.at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') "
    "from signet.quota_list($1, $2, $3::integer) l";

/* How many rows; -1: trouble. */
static long
list(struct quota_run *run, const char *what, const char *name)
{
	struct pg_param params[3] = {pg_string(what), pg_string(name),
				     pg_string(run->most)};
	struct pg_rows *rows;
	size_t i;

	if (!quota_ask(run, amounts, params, 3, &rows))
		return -1;
	for (i = 0; i < pg_rows_count(rows); i++)
		printf("%-32.*s %10.*s of %-16.*s %8.*s of %-8.*s %-4.*s "
		       "%.*s%s%.*s\n",
		       TEXT_ARG(shown(run, rows, i, 0)),
		       TEXT_ARG(shown(run, rows, i, 1)),
		       TEXT_ARG(shown(run, rows, i, 2)),
		       TEXT_ARG(shown(run, rows, i, 3)),
		       TEXT_ARG(shown(run, rows, i, 4)),
		       TEXT_ARG(shown(run, rows, i, 5)),
		       TEXT_ARG(shown(run, rows, i, 7)),
		       pg_rows_text(rows, i, 6).len > 0 ? "  " : "",
		       TEXT_ARG(shown(run, rows, i, 6)));
	return (long)pg_rows_count(rows);
}

static int
list_or_say(struct quota_run *run, const char *what, const char *name,
	    const char *nothing)
{
	long count = list(run, what, name);

	if (count == 0)
		puts(nothing);
	return count < 0 ? 2 : 0;
}

static int
show_domain(struct quota_run *run, const char *domain)
{
	if (list(run, "domain", domain) < 0)
		return 2;
	return list_or_say(run, "accounts", domain,
			   "nothing is known of an account there");
}

static int
show_limits(struct quota_run *run)
{
	struct pg_rows *rows;
	size_t i;

	if (!quota_ask(run,
		       "select v.kind, case when v.name = '' then 'default' "
		       "else v.name end, case when v.bytes = 0 then 'none' "
		       "else coalesce(pg_size_pretty(v.bytes), '-') end, "
		       "case when v.messages = 0 then 'none' else "
		       "coalesce(v.messages::text, '-') end, v.changed_by "
		       "from signet.v_quota_limit v order by v.kind, v.name",
		       NULL, 0, &rows))
		return 2;
	for (i = 0; i < pg_rows_count(rows); i++)
		printf("%-8.*s %-32.*s %10.*s bytes %8.*s messages  %.*s\n",
		       TEXT_ARG(shown(run, rows, i, 0)),
		       TEXT_ARG(shown(run, rows, i, 1)),
		       TEXT_ARG(shown(run, rows, i, 2)),
		       TEXT_ARG(shown(run, rows, i, 3)),
		       TEXT_ARG(shown(run, rows, i, 4)));
	if (pg_rows_count(rows) == 0)
		puts("no limit is set: those of Dovecot count");
	return 0;
}

/* Whom mail to the address comes to, and whether they take it. */
static int
show_address(struct quota_run *run, const char *address)
{
	struct pg_param param = pg_string(address);
	struct pg_rows *rows;
	bool is_whole = true;
	size_t i;

	if (!quota_ask(run,
		       "select e.account, case when e.answer = 'full' then "
		       "'takes no mail: it is full' when e.domain_answer = "
		       "'full' then 'takes no mail: its domain is full' else "
		       "'takes mail' end, e.is_whole from "
		       "signet.quota_explain($1) e",
		       &param, 1, &rows))
		return 2;
	for (i = 0; i < pg_rows_count(rows); i++) {
		struct text account = pg_rows_text(rows, i, 0);

		is_whole = text_equal(pg_rows_text(rows, i, 2), TEXT("t"));
		printf("%.*s %.*s\n", TEXT_ARG(shown(run, rows, i, 0)),
		       TEXT_ARG(shown(run, rows, i, 1)));
		if (list(run, "account", text_string(run->arena, account)) < 0)
			return 2;
	}
	if (pg_rows_count(rows) == 0) {
		printf("%s is no account that is known: its mail is taken\n",
		       address);
		return 1;
	}
	if (!is_whole)
		puts("some of its mail goes elsewhere: it is always taken");
	return 0;
}

int
quota_show(struct quota_run *run)
{
	const char *what = run->count > 0 ? run->words[0] : NULL;

	if (what == NULL)
		return list_or_say(run, "account", NULL,
				   "nothing is known of an account");
	if (strcmp(what, "over") == 0)
		return list_or_say(run, "over", NULL, "no account is over");
	if (strcmp(what, "domains") == 0)
		return list_or_say(run, "domain", NULL,
				   "nothing is known of an account");
	if (strcmp(what, "limits") == 0)
		return show_limits(run);
	return what[0] == '@' ? show_domain(run, what + 1)
			      : show_address(run, what);
}
