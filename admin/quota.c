#include "admin/quota.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "admin/quota_adopt.h"
#include "admin/quota_limits.h"
#include "admin/quota_reconcile.h"
#include "admin/quota_show.h"
#include "base/arena.h"
#include "base/why.h"
#include "io/config_common.h"
#include "io/pg.h"

/* A domain with many accounts takes a while. */
#define CALL_MS 60000

static const struct {
	const char *name;
	int least, most; /* words behind it */
	int (*run)(struct quota_run *run);
} actions[] = {
    {"show", 0, 1, quota_show},	    {"set", 1, 3, quota_set},
    {"option", 2, 2, quota_option}, {"reconcile", 0, 1, quota_reconcile},
    {"adopt", 1, 1, quota_adopt},
};

#define ACTIONS (sizeof(actions) / sizeof(*actions))

static int
usage(FILE *to, int status)
{
	fputs("usage: signet quota [-c FILE] [-n MOST] show [WHAT]\n"
	      "       signet quota [-c FILE] [-t] set WHOM [BYTES "
	      "[MESSAGES]]\n"
	      "       signet quota [-c FILE] option NAME VALUE\n"
	      "       signet quota [-c FILE] [-r] [-d DOVEADM] [-s SOCKET] "
	      "reconcile "
	      "[ACCOUNT]\n"
	      "       signet quota [-c FILE] [-d DATABASE] [-k COLUMNS] "
	      "adopt TABLE\n"
	      "WHAT: an address, @example.com, over, domains, limits; all "
	      "accounts.\n"
	      "WHOM: an account; @example.com: each account of it, with -t "
	      "all together;\n"
	      "      default: each account for which nothing else is said.\n"
	      "BYTES, MESSAGES: 5G, 10000; none: no limit; -: nothing is "
	      "said of it.\n"
	      "COLUMNS: of the table: username,bytes,messages\n",
	      to);
	return status;
}

static bool
read_options(int argc, char **argv, struct quota_run *run)
{
	static char self[] = "signet quota";
	int option;

	argv[0] = self; /* what getopt calls us */
	while ((option = getopt(argc, argv, "c:d:k:n:rs:t")) != -1) {
		if (option == 'c')
			run->config = optarg;
		else if (option == 's')
			run->doveadm_socket = optarg;
		else if (option == 'd')
			run->doveadm = run->conninfo = optarg;
		else if (option == 'k')
			run->columns = optarg;
		else if (option == 'n')
			run->most = optarg;
		else if (option == 'r')
			run->recalc = true;
		else if (option == 't')
			run->total = true;
		else
			return false;
	}
	return true;
}

/* The action, or one behind the last. */
static size_t
read_call(int argc, char **argv, struct quota_run *run)
{
	size_t i;

	if (!read_options(argc, argv, run) || optind == argc)
		return ACTIONS;
	run->action = argv[optind];
	run->words = argv + optind + 1;
	run->count = argc - optind - 1;
	for (i = 0; i < ACTIONS; i++)
		if (strcmp(run->action, actions[i].name) == 0 &&
		    run->count >= actions[i].least &&
		    run->count <= actions[i].most)
			break;
	return i;
}

int
quota_fail(const char *sentence)
{
	fprintf(stderr, "signet quota: %s\n", sentence);
	return 2;
}

bool
quota_ask(struct quota_run *run, const char *sql, const struct pg_param *params,
	  size_t count, struct pg_rows **rows)
{
	struct why why;

	return pg_call(run->pg, run->arena, sql, params, count, rows, &why) ==
		   PG_DONE ||
	       (quota_fail(why.text), false);
}

static int
connect_and_run(struct quota_run *run, int (*action)(struct quota_run *run))
{
	struct pg_options options = {.program = "signet quota",
				     .call_ms = CALL_MS,
				     .pause_most_ms = 1000};
	struct config_source *source;
	struct config_common common;
	struct why why;
	int status;

	source = config_read(run->arena, run->config, &why);
	if (source == NULL ||
	    !config_common_fill(run->arena, source, &common, &why))
		return quota_fail(why.text);
	run->hostname = common.hostname;
	run->database = options.conninfo = common.conninfo;
	run->pg = pg_open(&options);
	status = action(run);
	pg_close(run->pg);
	return status;
}

int
quota_main(int argc, char **argv)
{
	struct quota_run run = {.config = SIGNET_SYSCONFDIR "/signet.conf",
				.columns = "username,bytes,messages",
				.most = "100"};
	size_t action;
	int status;

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, 0);
	action = read_call(argc, argv, &run);
	if (action == ACTIONS)
		return usage(stderr, 2);
	run.arena = arena_new();
	status = connect_and_run(&run, actions[action].run);
	arena_free(run.arena);
	return status;
}
