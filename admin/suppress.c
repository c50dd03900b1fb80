#include "admin/suppress.h"

#include <getopt.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "base/why.h"
#include "io/config_common.h"
#include "io/pg.h"

#define CALL_MS 10000
#define SHOWN_MOST 200

struct call {
	const char *config, *kind, *until, *comment;
	bool is_all;
	const char *action, *address, *by;
	struct arena *arena;
	struct pg *pg;
};

static int
usage(FILE *to, int status)
{
	fputs("usage: signet suppress [-c FILE] [-a] list\n"
	      "       signet suppress [-c FILE] [-k KIND] [-u UNTIL] "
	      "[-m COMMENT] add ADDRESS\n"
	      "       signet suppress [-c FILE] [-k KIND] extend ADDRESS "
	      "TIME\n"
	      "       signet suppress [-c FILE] [-k KIND] remove ADDRESS\n"
	      "KIND: dmarc (default), tls, failure.  UNTIL: a date such as "
	      "2027-01-31, or a TIME.\n"
	      "TIME: such as 30d, 12h, 2w.\n",
	      to);
	return status;
}

static bool
is_kind(const char *word)
{
	return strcmp(word, "dmarc") == 0 || strcmp(word, "tls") == 0 ||
	       strcmp(word, "failure") == 0;
}

/* How many words follow the action; -1: there is no such action. */
static int
words_of(const char *action)
{
	static const struct {
		const char *action;
		int words;
	} known[] = {{"list", 0}, {"add", 1}, {"extend", 2}, {"remove", 1}};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(action, known[i].action) == 0)
			return known[i].words;
	return -1;
}

static bool
read_call(int argc, char **argv, struct call *call)
{
	static char self[] = "signet suppress";
	int option;

	*call = (struct call){.config = SIGNET_SYSCONFDIR "/signet.conf",
			      .kind = "dmarc"};
	argv[0] = self; /* what getopt calls us */
	while ((option = getopt(argc, argv, "ac:k:m:u:")) != -1) {
		if (option == 'a')
			call->is_all = true;
		else if (option == 'c')
			call->config = optarg;
		else if (option == 'k')
			call->kind = optarg;
		else if (option == 'm')
			call->comment = optarg;
		else if (option == 'u')
			call->until = optarg;
		else
			return false;
	}
	if (optind == argc || !is_kind(call->kind))
		return false;
	call->action = argv[optind];
	call->address = optind + 1 < argc ? argv[optind + 1] : NULL;
	call->by = optind + 2 < argc ? argv[optind + 2] : NULL;
	return argc - optind - 1 == words_of(call->action);
}

static int
fail(const char *why)
{
	fprintf(stderr, "signet suppress: %s\n", why);
	return 2;
}

static bool
ask(struct call *call, const char *sql, const struct pg_param *params,
    size_t count, struct pg_rows **rows)
{
	struct why why;

	return pg_call(call->pg, call->arena, sql, params, count, rows, &why) ==
		   PG_DONE ||
	       (fail(why.text), false);
}

/* What others have written, too: made fit for a terminal. */
static struct text
shown(struct call *call, const struct pg_rows *rows, size_t row, int column)
{
	return utf8_for_log(call->arena, pg_rows_text(rows, row, column),
			    SHOWN_MOST);
}

static int
list(struct call *call)
{
	struct pg_param all = pg_string(call->is_all ? "true" : "false");
	struct pg_rows *rows;
	size_t i;

	if (!ask(call,
		 "select l.kind, l.address, case when l.until = 'infinity' "
		 "then 'for ever' else to_char(l.until at time zone 'UTC', "
		 "'YYYY-MM-DD HH24:MI') end, l.origin, l.bounces, l.comment "
		 "from signet.report_suppress_list($1) l",
		 &all, 1, &rows))
		return 2;
	for (i = 0; i < pg_rows_count(rows); i++)
		printf("%-8.*s%-36.*s %-17.*s%-7.*s %3lld  %.*s\n",
		       TEXT_ARG(shown(call, rows, i, 0)),
		       TEXT_ARG(shown(call, rows, i, 1)),
		       TEXT_ARG(shown(call, rows, i, 2)),
		       TEXT_ARG(shown(call, rows, i, 3)),
		       (long long)pg_rows_int(rows, i, 4),
		       TEXT_ARG(shown(call, rows, i, 5)));
	if (pg_rows_count(rows) == 0)
		puts("no address is suppressed");
	return 0;
}

/* The statement answers with the new end, or with null. */
static int
change(struct call *call, const char *sql, const struct pg_param *params,
       size_t count)
{
	struct pg_rows *rows;

	if (!ask(call, sql, params, count, &rows))
		return 2;
	if (pg_rows_count(rows) == 0 || pg_rows_is_null(rows, 0, 0)) {
		printf("%s is not in the list of %s reports\n", call->address,
		       call->kind);
		return 1;
	}
	printf("%s: no %s reports %.*s\n", call->address, call->kind,
	       TEXT_ARG(pg_rows_text(rows, 0, 0)));
	return 0;
}

#define TOLD_END                                                               \
	"case when u.until = 'infinity' then 'for ever' else 'until ' || "     \
	"to_char(u.until at time zone 'UTC', 'YYYY-MM-DD HH24:MI') end"

static int
add(struct call *call)
{
	struct pg_param params[4] = {
	    pg_string(call->kind), pg_string(call->address),
	    pg_string(call->until), pg_string(call->comment)};

	return change(call,
		      "select " TOLD_END " from signet.report_suppress_add("
		      "$1, $2, case when $3::text ~ '^[0-9]+[hdwy]$' "
		      "then now() + $3::text::interval "
		      "else coalesce($3::text, 'infinity')::timestamp "
		      "at time zone 'UTC' end, "
		      "$4) u (until)",
		      params, 4);
}

static int
extend(struct call *call)
{
	struct pg_param params[3] = {pg_string(call->kind),
				     pg_string(call->address),
				     pg_string(call->by)};

	return change(call,
		      "select " TOLD_END " from "
		      "signet.report_suppress_extend($1, $2, $3) u (until) "
		      "where u.until is not null",
		      params, 3);
}

static int
take_out(struct call *call)
{
	struct pg_param params[2] = {pg_string(call->kind),
				     pg_string(call->address)};

	return change(call,
		      "select 'are held back any more' where "
		      "signet.report_suppress_remove($1, $2)",
		      params, 2);
}

static int
run(struct call *call)
{
	if (strcmp(call->action, "list") == 0)
		return list(call);
	if (strcmp(call->action, "add") == 0)
		return add(call);
	if (strcmp(call->action, "extend") == 0)
		return extend(call);
	return take_out(call);
}

static int
connect_and_run(struct call *call)
{
	struct config_source *source;
	struct config_common common;
	struct pg_options options = {.program = "signet suppress",
				     .call_ms = CALL_MS,
				     .pause_most_ms = 1000};
	struct why why;
	int status;

	source = config_read(call->arena, call->config, &why);
	if (source == NULL ||
	    !config_common_fill(call->arena, source, &common, &why))
		return fail(why.text);
	options.conninfo = common.conninfo;
	call->pg = pg_open(&options);
	status = run(call);
	pg_close(call->pg);
	return status;
}

int
suppress_main(int argc, char **argv)
{
	struct call call;
	int status;

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, 0);
	if (!read_call(argc, argv, &call))
		return usage(stderr, 2);
	call.arena = arena_new();
	status = connect_and_run(&call);
	arena_free(call.arena);
	return status;
}
