#include "admin/tls_override.h"

#include <getopt.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "base/why.h"
#include "io/config_common.h"
#include "io/pg.h"
#include "mailtls/tls_override.h"

#define CALL_MS 10000
#define SHOWN_MOST 200
/* An exception that nobody looks at again is a hole. */
#define DEFAULT_UNTIL "30d"

struct call {
	const char *config, *match, *reason, *until;
	bool is_all;
	const char *action, *name, *level;
	struct arena *arena;
	struct pg *pg;
};

static int
usage(FILE *to, int status)
{
	fputs("usage: signet tls override [-c FILE] [-a] list\n"
	      "       signet tls override [-c FILE] -m REASON [-u UNTIL] "
	      "[-n NAMES]\n"
	      "                           add DOMAIN LEVEL\n"
	      "       signet tls override [-c FILE] remove DOMAIN\n"
	      "DOMAIN: example.com, or .example.com for all below it.\n"
	      "LEVEL: none, may, encrypt, dane, dane-only, secure, "
	      "published.\n"
	      "NAMES: with secure, those of the certificate: "
	      "mx.example.net:.example.net\n"
	      "UNTIL: a date such as 2027-01-31, a time such as 30d, 12h, 2w "
	      "(default: " DEFAULT_UNTIL ")\n"
	      "       or forever.\n",
	      to);
	return status;
}

/* How many words follow the action; -1: there is no such action. */
static int
words_of(const char *action)
{
	if (strcmp(action, "list") == 0)
		return 0;
	if (strcmp(action, "add") == 0)
		return 2;
	return strcmp(action, "remove") == 0 ? 1 : -1;
}

static bool
read_options(int argc, char **argv, struct call *call)
{
	static char self[] = "signet tls override";
	int option;

	argv[0] = self; /* what getopt calls us */
	while ((option = getopt(argc, argv, "ac:m:n:u:")) != -1) {
		if (option == 'a')
			call->is_all = true;
		else if (option == 'c')
			call->config = optarg;
		else if (option == 'm')
			call->reason = optarg;
		else if (option == 'n')
			call->match = optarg;
		else if (option == 'u')
			call->until = optarg;
		else
			return false;
	}
	return true;
}

static bool
read_call(int argc, char **argv, struct call *call)
{
	*call = (struct call){.config = SIGNET_SYSCONFDIR "/signet.conf",
			      .until = DEFAULT_UNTIL};
	if (!read_options(argc, argv, call) || optind == argc)
		return false;
	call->action = argv[optind];
	call->name = optind + 1 < argc ? argv[optind + 1] : NULL;
	call->level = optind + 2 < argc ? argv[optind + 2] : NULL;
	if (argc - optind - 1 != words_of(call->action))
		return false;
	return strcmp(call->action, "add") != 0 || call->reason != NULL;
}

static int
fail(const char *why)
{
	fprintf(stderr, "signet tls override: %s\n", why);
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
		 "select l.name, l.level || case when l.match is null then '' "
		 "else ' ' || l.match end, case when l.until = 'infinity' then "
		 "'for ever' else to_char(l.until at time zone 'UTC', "
		 "'YYYY-MM-DD HH24:MI') end, l.changed_by, l.reason "
		 "from signet.tls_override_list($1) l",
		 &all, 1, &rows))
		return 2;
	for (i = 0; i < pg_rows_count(rows); i++)
		printf("%-32.*s %-12.*s %-17.*s %-12.*s %.*s\n",
		       TEXT_ARG(shown(call, rows, i, 0)),
		       TEXT_ARG(shown(call, rows, i, 1)),
		       TEXT_ARG(shown(call, rows, i, 2)),
		       TEXT_ARG(shown(call, rows, i, 3)),
		       TEXT_ARG(shown(call, rows, i, 4)));
	if (pg_rows_count(rows) == 0)
		puts("there is no override");
	return 0;
}

/* The name as the table has it. */
static const char *
table_name(struct call *call, const struct tls_override *override)
{
	return arena_printf(call->arena, "%s" TEXT_FMT,
			    override->is_parent ? "." : "",
			    TEXT_ARG(override->domain.name));
}

static bool
read_name(struct call *call, struct tls_override *override)
{
	struct why why;

	return tls_override_name(call->arena, text_from(call->name), override,
				 &why) ||
	       (fail(why.text), false);
}

static int
add(struct call *call)
{
	struct tls_override override = {0};
	struct pg_param params[5];
	struct pg_rows *rows;
	struct why why;

	if (!read_name(call, &override))
		return 2;
	if (!tls_override_level(text_from(call->level), &override, &why) ||
	    !tls_override_match(call->arena, text_from(call->match), &override,
				&why))
		return fail(why.text);
	params[0] = pg_string(table_name(call, &override));
	params[1] =
	    pg_string(override.is_published ? "published"
					    : tls_level_name(override.level));
	params[2] = pg_string(call->match);
	params[3] = pg_string(call->reason);
	params[4] = pg_string(call->until);
	if (!ask(call,
		 "select case when u.until = 'infinity' then 'for ever' else "
		 "'until ' || to_char(u.until at time zone 'UTC', "
		 "'YYYY-MM-DD HH24:MI') end from signet.tls_override_set("
		 "$1, $2, $3, $4, "
		 "case when $5::text ~ '^[0-9]+[hdwy]$' "
		 "then now() + $5::text::interval "
		 "when $5::text = 'forever' then 'infinity' "
		 "else $5::text::timestamp at time zone 'UTC' end) u (until)",
		 params, 5, &rows))
		return 2;
	printf("%s: %s %.*s\n", table_name(call, &override),
	       override.is_published ? "published"
				     : tls_level_name(override.level),
	       TEXT_ARG(pg_rows_text(rows, 0, 0)));
	return 0;
}

static int
take_out(struct call *call)
{
	struct tls_override override = {0};
	struct pg_param name;
	struct pg_rows *rows;

	if (!read_name(call, &override))
		return 2;
	name = pg_string(table_name(call, &override));
	if (!ask(call, "select 1 where signet.tls_override_remove($1)", &name,
		 1, &rows))
		return 2;
	if (pg_rows_count(rows) == 0) {
		printf("%s has no override\n", table_name(call, &override));
		return 1;
	}
	printf("%s: what it publishes counts again\n",
	       table_name(call, &override));
	return 0;
}

static int
run(struct call *call)
{
	if (strcmp(call->action, "list") == 0)
		return list(call);
	return strcmp(call->action, "add") == 0 ? add(call) : take_out(call);
}

static int
connect_and_run(struct call *call)
{
	struct config_source *source;
	struct config_common common;
	struct pg_options options = {
	    .program = "signet tls", .call_ms = CALL_MS, .pause_most_ms = 1000};
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
tls_override_main(int argc, char **argv)
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
