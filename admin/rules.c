#include "admin/rules.h"

#include <getopt.h>

#include "admin/rules_call.h"
#include "admin/rules_show.h"
#include "base/arena.h"
#include "base/domain.h"
#include "base/why.h"
#include "io/config_common.h"
#include "io/pg.h"
#include "judge/list_id.h"

#define CALL_MS 10000

static int
usage(FILE *to, int status)
{
	fputs("usage: signet rules [-c FILE] list [ACCOUNT]\n"
	      "       signet rules [-c FILE] lists\n"
	      "       signet rules [-c FILE] [-p PLACE] add ACCOUNT list LIST "
	      "DOMAIN FOLDER\n"
	      "       signet rules [-c FILE] [-p PLACE] add ACCOUNT from "
	      "ADDRESS FOLDER\n"
	      "       signet rules [-c FILE] accept ACCOUNT NUMBER\n"
	      "       signet rules [-c FILE] [-f] decline ACCOUNT NUMBER\n"
	      "       signet rules [-c FILE] never ACCOUNT list|from|mailbox "
	      "NAME\n"
	      "       signet rules [-c FILE] remove ACCOUNT NUMBER\n"
	      "       signet rules [-c FILE] mode ACCOUNT "
	      "[suggest|auto|off|default]\n"
	      "LIST: as in the brackets of List-Id; DOMAIN: what it ends in "
	      "and is verified.\n"
	      "NUMBER: as list shows it.  -f: never for this folder.\n"
	      "ACCOUNT of mode: - speaks for all that have said nothing.\n",
	      to);
	return status;
}

/* True if the first value of the answer is true. */
static int
ask_whether(struct rules_call *call, const char *sql,
	    const struct pg_param *params, size_t count, const char *yes)
{
	struct pg_rows *rows;

	if (!rules_ask(call, sql, params, count, &rows))
		return 2;
	if (!text_equal(pg_rows_text(rows, 0, 0), TEXT("t"))) {
		printf("%s has nothing of the number %s to %s\n",
		       call->words[0], call->words[1], call->action->name);
		return 1;
	}
	puts(yes);
	return 0;
}

/* --- one number of one account --- */

static bool
read_number(struct rules_call *call, struct pg_param params[2])
{
	uint64_t number;

	params[0] = pg_string(call->words[0]);
	params[1] = pg_string(call->words[1]);
	if (text_to_u64(text_from(call->words[1]), INT64_MAX, &number))
		return true;
	fprintf(stderr, "signet rules: \"%.80s\" is no number\n",
		call->words[1]);
	return false;
}

static int
accept_one(struct rules_call *call)
{
	struct pg_param params[2];

	if (!read_number(call, params))
		return 2;
	return ask_whether(call, "select signet.rule_accept($1, $2)", params, 2,
			   "it is a rule now");
}

static int
decline_one(struct rules_call *call)
{
	struct pg_param params[3];

	if (!read_number(call, params))
		return 2;
	params[2] = pg_string(call->is_folder ? "true" : "false");
	return ask_whether(call, "select signet.rule_decline($1, $2, $3)",
			   params, 3, "it is not suggested again");
}

static int
remove_one(struct rules_call *call)
{
	struct pg_param params[2];

	if (!read_number(call, params))
		return 2;
	return ask_whether(call, "select signet.rule_remove($1, $2)", params, 2,
			   "it is gone");
}

/* --- new ones --- */

/* What the database would refuse with its own words. */
static bool
check_list(struct rules_call *call, const char *list, const char *name)
{
	struct domain domain;
	struct text id;
	struct why why;

	if (!list_id_parse(call->arena, text_from(list), &id, &why)) {
		fprintf(stderr, "signet rules: \"%.80s\" names no list: %s\n",
			list, why.text);
		return false;
	}
	if (!domain_parse(call->arena, text_from(name), &domain, &why))
		return rules_fail(why.text), false;
	if (domain_labels(domain) > 1 && list_id_is_within(id, domain))
		return true;
	fprintf(stderr, "signet rules: %.80s does not end in %.80s\n", list,
		name);
	return false;
}

static int
add(struct rules_call *call)
{
	bool is_list = strcmp(call->words[1], "list") == 0;
	const char *folder = call->words[is_list ? 4 : 3];
	struct pg_param params[6];
	struct pg_rows *rows;

	if (call->count != (is_list ? 5u : 4u) ||
	    (!is_list && strcmp(call->words[1], "from") != 0))
		return usage(stderr, 2);
	if (is_list && !check_list(call, call->words[2], call->words[3]))
		return 2;
	params[0] = pg_string(call->words[0]);
	params[1] = pg_string(call->words[1]);
	params[2] = pg_string(call->words[2]);
	params[3] = pg_string(is_list ? call->words[3] : NULL);
	params[4] = pg_string(folder);
	params[5] = pg_string(call->place);
	if (!rules_ask(call, "select signet.rule_add($1, $2, $3, $4, $5, $6)",
		       params, 6, &rows))
		return 2;
	printf("rule " TEXT_FMT ": verified mail %s %s goes to %s\n",
	       TEXT_ARG(pg_rows_text(rows, 0, 0)),
	       is_list ? "of the list" : "from", call->words[2], folder);
	return 0;
}

static int
never(struct rules_call *call)
{
	struct pg_param params[3];
	size_t i;

	for (i = 0; i < 3; i++)
		params[i] = pg_string(call->words[i]);
	if (!rules_ask(call, "select signet.rule_never($1, $2, $3)", params, 3,
		       NULL))
		return 2;
	puts("it is not suggested");
	return 0;
}

static int
mode(struct rules_call *call)
{
	bool is_all = strcmp(call->words[0], "-") == 0;
	const char *word = call->count > 1 ? call->words[1] : NULL;
	struct pg_param params[2];
	struct pg_rows *rows;

	params[0] = pg_string(is_all ? "" : call->words[0]);
	params[1] = pg_string(
	    word != NULL && strcmp(word, "default") == 0 ? NULL : word);
	if (!rules_ask(call,
		       word != NULL ? "select signet.rules_mode_set($1, $2)"
				    : "select signet.rules_mode($1)",
		       params, word != NULL ? 2 : 1, &rows))
		return 2;
	printf("%s: " TEXT_FMT "\n", is_all ? "all others" : call->words[0],
	       TEXT_ARG(pg_rows_text(rows, 0, 0)));
	return 0;
}

/* --- the command line --- */

static const struct rules_action actions[] = {
    {"list", 0, 1, rules_list},
    {"lists", 0, 0, rules_lists},
    {"add", 4, 5, add},
    {"accept", 2, 2, accept_one},
    {"decline", 2, 2, decline_one},
    {"never", 3, 3, never},
    {"remove", 2, 2, remove_one},
    {"mode", 1, 2, mode},
};

static bool
read_options(int argc, char **argv, struct rules_call *call)
{
	static char self[] = "signet rules";
	uint64_t number;
	int option;

	argv[0] = self; /* what getopt calls us */
	while ((option = getopt(argc, argv, "c:fp:")) != -1) {
		if (option == 'c')
			call->config = optarg;
		else if (option == 'f')
			call->is_folder = true;
		else if (option == 'p' &&
			 text_to_u64(text_from(optarg), INT32_MAX, &number))
			call->place = optarg;
		else
			return false;
	}
	return true;
}

static bool
read_call(int argc, char **argv, struct rules_call *call)
{
	size_t i;

	*call = (struct rules_call){.config = SIGNET_SYSCONFDIR "/signet.conf"};
	if (!read_options(argc, argv, call) || optind == argc)
		return false;
	call->words = argv + optind + 1;
	call->count = (size_t)(argc - optind - 1);
	for (i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (strcmp(argv[optind], actions[i].name) == 0)
			call->action = &actions[i];
	return call->action != NULL && call->count >= call->action->least &&
	       call->count <= call->action->most;
}

static int
connect_and_run(struct rules_call *call)
{
	struct config_source *source;
	struct config_common common;
	struct pg_options options = {.program = "signet rules",
				     .call_ms = CALL_MS,
				     .pause_most_ms = 1000};
	struct why why;
	int status;

	source = config_read(call->arena, call->config, &why);
	if (source == NULL ||
	    !config_common_fill(call->arena, source, &common, &why))
		return rules_fail(why.text);
	options.conninfo = common.conninfo;
	call->pg = pg_open(&options);
	status = call->action->run(call);
	pg_close(call->pg);
	return status;
}

int
rules_main(int argc, char **argv)
{
	struct rules_call call;
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
