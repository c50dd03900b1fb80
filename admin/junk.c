#include "admin/junk.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "admin/junk_dovecot.h"
#include "admin/junk_explain.h"
#include "admin/junk_train.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "base/why.h"
#include "io/config.h"

/* as long as a batch of signet-mailbox may take */
#define CALL_MS 60000
#define SHOWN_MOST 200
#define HAM_MOST 20

static int junk_stats(struct junk_run *run);

static const struct {
	const char *name;
	int least, most; /* words behind it */
	int (*run)(struct junk_run *run);
} actions[] = {
    {"train", 3, 1000000, junk_train}, {"retrain", 1, 1, junk_retrain},
    {"forget", 1, 1, junk_forget},     {"explain", 1, 2, junk_explain},
    {"stats", 0, 1, junk_stats},
};

#define ACTIONS (sizeof(actions) / sizeof(*actions))

static int
usage(FILE *to, int status)
{
	fputs("usage: signet junk [-c FILE] train USER junk|ham PATH ...\n"
	      "       signet junk [-c FILE] [-d DOVEADM] [-j MAILBOX] "
	      "[-h MAILBOX] ... retrain USER\n"
	      "       signet junk [-c FILE] forget USER\n"
	      "       signet junk [-c FILE] explain USER [PATH]\n"
	      "       signet junk [-c FILE] stats [USER]\n"
	      "PATH: a message, an mbox, a maildir or a directory of "
	      "messages; - for standard input.\n"
	      "-j, -h: mailboxes of junk (Junk) and of ham (INBOX).\n",
	      to);
	return status;
}

int
junk_fail(const char *sentence)
{
	fprintf(stderr, "signet junk: %s\n", sentence);
	return 2;
}

bool
junk_ask(struct junk_run *run, const char *sql, const struct pg_param *params,
	 size_t count, struct pg_rows **rows)
{
	struct why why;

	return pg_call(run->pg, run->arena, sql, params, count, rows, &why) ==
		   PG_DONE ||
	       (junk_fail(why.text), false);
}

/* --- stats --- */

static void
tell_account(struct junk_run *run, const struct pg_rows *rows, size_t row)
{
	struct text name = pg_rows_text(rows, row, 0);

	if (name.len == 0)
		name = TEXT("(all together)");
	name = utf8_for_log(run->arena, name, SHOWN_MOST);
	printf("%-32.*s %7lld %7lld %8lld %9.*s  %.*s\n", TEXT_ARG(name),
	       (long long)pg_rows_int(rows, row, 1),
	       (long long)pg_rows_int(rows, row, 2),
	       (long long)pg_rows_int(rows, row, 3),
	       TEXT_ARG(pg_rows_text(rows, row, 4)),
	       TEXT_ARG(pg_rows_text(rows, row, 5)));
}

static int
junk_stats(struct junk_run *run)
{
	struct pg_param user = pg_string(run->count > 0 ? run->words[0] : NULL);
	struct pg_rows *rows;
	size_t i;

	if (!junk_ask(run,
		      "select v.account, v.spam, v.ham, v.words, "
		      "case when not v.junk then 'off' "
		      "when v.threshold is null then '-' "
		      "else v.threshold::text end, "
		      "coalesce(to_char(v.trained_at at time zone 'UTC', "
		      "'YYYY-MM-DD HH24:MI'), 'never') "
		      "from signet.v_junk_account v "
		      "where $1::text is null or v.account = $1 "
		      "order by v.account",
		      &user, 1, &rows))
		return 2;
	if (pg_rows_count(rows) == 0) {
		puts("nothing has been learned");
		return run->count > 0 ? 1 : 0;
	}
	printf("%-32s %7s %7s %8s %9s  %s\n", "account", "junk", "ham", "words",
	       "threshold", "learned last");
	for (i = 0; i < pg_rows_count(rows); i++)
		tell_account(run, rows, i);
	return 0;
}

/* --- the call --- */

static bool
read_options(int argc, char **argv, struct junk_run *run, const char **ham)
{
	static char self[] = "signet junk";
	int option;
	size_t count = 0;

	argv[0] = self; /* what getopt calls us */
	while ((option = getopt(argc, argv, "+c:d:h:j:")) != -1) {
		if (option == 'c')
			run->config = optarg;
		else if (option == 'd')
			run->doveadm = optarg;
		else if (option == 'j')
			run->mailbox = optarg;
		else if (option == 'h' && count < HAM_MOST)
			ham[count++] = optarg;
		else
			return false;
	}
	if (count == 0)
		ham[0] = "INBOX";
	return true;
}

/* The action, or one behind the last. */
static size_t
read_call(int argc, char **argv, struct junk_run *run, const char **ham)
{
	size_t i;

	if (!read_options(argc, argv, run, ham) || optind == argc)
		return ACTIONS;
	run->words = argv + optind + 1;
	run->count = argc - optind - 1;
	for (i = 0; i < ACTIONS; i++)
		if (strcmp(argv[optind], actions[i].name) == 0 &&
		    run->count >= actions[i].least &&
		    run->count <= actions[i].most)
			break;
	return i;
}

static int
connect_and_run(struct junk_run *run, int (*action)(struct junk_run *run))
{
	struct pg_options options = {.program = "signet junk",
				     .call_ms = CALL_MS,
				     .pause_most_ms = 1000};
	struct config_source *source;
	struct why why;
	int status;

	if (!mailbox_settings_read(run->arena, run->config, &run->settings,
				   &source, &why))
		return junk_fail(why.text);
	options.conninfo = run->settings.common.conninfo;
	run->pg = pg_open(&options);
	status = action(run);
	pg_close(run->pg);
	return status;
}

int
junk_main(int argc, char **argv)
{
	const char *ham[HAM_MOST + 1] = {NULL};
	struct junk_run run = {.config = SIGNET_SYSCONFDIR "/signet.conf",
			       .doveadm = JUNK_DOVEADM,
			       .ham = ham};
	size_t action;
	int status;

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, 0);
	action = read_call(argc, argv, &run, ham);
	if (action == ACTIONS)
		return usage(stderr, 2);
	run.arena = arena_new();
	status = connect_and_run(&run, actions[action].run);
	arena_free(run.arena);
	return status;
}
