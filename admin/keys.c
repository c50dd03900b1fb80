#include "admin/keys.h"

#include <getopt.h>

#include "admin/keys_signer.h"
#include "admin/keys_work.h"
#include "base/limits.h"

#define DEFAULT_CONFIG SIGNET_SYSCONFDIR "/signet.conf"

/* What stands behind the name of a command. */
enum operands {
	OPERAND_MAY_DOMAIN, /* [DOMAIN [SELECTOR]] */
	OPERAND_DOMAIN,	    /* DOMAIN [SELECTOR] */
	OPERAND_KEY,	    /* DOMAIN SELECTOR */
	OPERAND_ALL,	    /* DOMAIN, or --all */
	OPERAND_NONE
};

static const struct command {
	const char *name;
	enum operands operands;
	bool (*run)(struct keys *keys);
	bool changes;
	const char *help;
} commands[] = {
    {"list", OPERAND_MAY_DOMAIN, keys_list, false,
     "keys, their state, what the DNS says, what is due"},
    {"test", OPERAND_MAY_DOMAIN, keys_test, false, "compare keys with the DNS"},
    {"zone", OPERAND_MAY_DOMAIN, keys_zone, false, "records for the zone"},
    {"rotate", OPERAND_ALL, keys_rotate, true, "do what is due; run it daily"},
    {"new", OPERAND_DOMAIN, keys_new, true, "make a key"},
    {"publish", OPERAND_DOMAIN, keys_publish, true, "put keys into the DNS"},
    {"activate", OPERAND_KEY, keys_activate, true, "sign with a key"},
    {"retire", OPERAND_KEY, keys_retire, true, "sign with it no more"},
    {"revoke", OPERAND_KEY, keys_revoke, true,
     "tell that nobody shall trust it"},
    {"delete", OPERAND_KEY, keys_delete, true, "remove key and record"},
    {"sync", OPERAND_MAY_DOMAIN, keys_sync, true,
     "tell the database what the files say"},
    {"import", OPERAND_NONE, keys_import, true, "take over keys of OpenDKIM"},
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static int
usage(FILE *to, int status)
{
	size_t i;

	fputs("usage: signet keys COMMAND [DOMAIN [SELECTOR]] [OPTIONS]\n", to);
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].help);
	fputs("options: [--config FILE] [--why TEXT] [--selector NAME]\n"
	      "  [--type rsa|ed25519] [--bits NUMBER] [--all] [--force]\n"
	      "  [--follow] [--now new|activate|revoke|delete]\n"
	      "  [--opendkim KEYTABLE SIGNINGTABLE] [--write]\n"
	      "signet-keys(8) tells what they do.\n",
	      to);
	return status;
}

/* --- arguments --- */

enum argument {
	OPTION_ALL = 256,
	OPTION_BITS,
	OPTION_FOLLOW,
	OPTION_FORCE,
	OPTION_HELP,
	OPTION_NOW,
	OPTION_OPENDKIM,
	OPTION_SELECTOR,
	OPTION_TYPE,
	OPTION_WHY,
	OPTION_WRITE
};

static const struct option options[] = {
    {"all", no_argument, NULL, OPTION_ALL},
    {"bits", required_argument, NULL, OPTION_BITS},
    {"config", required_argument, NULL, 'c'},
    {"follow", no_argument, NULL, OPTION_FOLLOW},
    {"force", no_argument, NULL, OPTION_FORCE},
    {"help", no_argument, NULL, OPTION_HELP},
    {"now", required_argument, NULL, OPTION_NOW},
    {"opendkim", required_argument, NULL, OPTION_OPENDKIM},
    {"selector", required_argument, NULL, OPTION_SELECTOR},
    {"type", required_argument, NULL, OPTION_TYPE},
    {"why", required_argument, NULL, OPTION_WHY},
    {"write", no_argument, NULL, OPTION_WRITE},
    {NULL, 0, NULL, 0},
};

static bool
wrong(const char *what, const char *value)
{
	fprintf(stderr, "signet keys: %s: \"%.80s\" is not known\n", what,
		value);
	return false;
}

static bool
take_now(struct keys_arguments *arguments, const char *word)
{
	static const char *const words[] = {"new", "activate", "revoke",
					    "delete"};
	unsigned i;

	for (i = 0; i < 4; i++)
		if (strcmp(word, words[i]) == 0) {
			arguments->now |= 1u << i;
			return true;
		}
	return wrong("--now", word);
}

static bool
take_bits(struct keys_arguments *arguments, const char *word)
{
	uint64_t bits;

	if (!text_to_u64(text_from(word), LIMIT_RSA_BITS_MAX, &bits) ||
	    bits == 0)
		return wrong("--bits", word);
	arguments->bits = (unsigned)bits;
	return true;
}

static bool
take_option(struct keys_arguments *arguments, int option, const char *value)
{
	switch (option) {
	case 'c':
		arguments->config = value;
		return true;
	case OPTION_ALL:
		return arguments->all = true;
	case OPTION_BITS:
		return take_bits(arguments, value);
	case OPTION_FOLLOW:
		return arguments->follow = true;
	case OPTION_FORCE:
		return arguments->force = true;
	case OPTION_NOW:
		return take_now(arguments, value);
	case OPTION_OPENDKIM:
		arguments->key_table = value;
		return true;
	case OPTION_SELECTOR:
		arguments->selector = value;
		return true;
	case OPTION_TYPE:
		arguments->type = key_type_of(text_from(value));
		return arguments->type != 0 || wrong("--type", value);
	case OPTION_WHY:
		arguments->reason = value;
		return true;
	case OPTION_WRITE:
		return arguments->write = true;
	}
	return false;
}

/* What is left over, as the command wants it. */
static bool
take_operands(const struct command *command, struct keys_arguments *arguments,
	      int count, char **values)
{
	int domain = command->operands == OPERAND_NONE ? 0 : 1;

	if (command->operands == OPERAND_NONE) {
		if (arguments->key_table == NULL || count != 1)
			return false;
		arguments->signing_table = values[0];
		return true;
	}
	if (count > domain + 1 ||
	    (count == 2 &&
	     (arguments->selector != NULL || command->operands == OPERAND_ALL)))
		return false;
	if (count > 0)
		arguments->domain = values[0];
	if (count > 1)
		arguments->selector = values[1];
	switch (command->operands) {
	case OPERAND_MAY_DOMAIN:
		return count > 0 || arguments->selector == NULL;
	case OPERAND_DOMAIN:
		return count > 0;
	case OPERAND_KEY:
		return count > 0 && arguments->selector != NULL;
	case OPERAND_ALL:
		return (count == 1) != arguments->all;
	case OPERAND_NONE:
		break;
	}
	return false;
}

static const struct command *
find_command(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	fprintf(stderr, "signet keys: there is no command \"%.80s\"\n", name);
	return NULL;
}

static bool
read_arguments(const struct command *command, int argc, char **argv,
	       struct keys_arguments *arguments)
{
	static char self[] = "signet keys";
	int option;

	argv[0] = self; /* what getopt calls us */
	while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1)
		if (!take_option(arguments, option, optarg))
			return false;
	return take_operands(command, arguments, argc - optind, argv + optind);
}

static int
run(const struct command *command, const struct keys_arguments *arguments)
{
	int status = 2;
	struct keys keys;
	struct why why;

	if (keys_open(&keys, arguments, &why)) {
		status = command->run(&keys) ? 0 : 1;
		if (command->changes && !keys_signer_reload(&keys))
			status = 1;
		if (status == 0 && command->run == keys_test &&
		    keys.could_not_ask)
			status = 3;
	} else {
		fprintf(stderr, "signet keys: %s\n", why.text);
	}
	keys_close(&keys);
	return status;
}

int
keys_main(int argc, char **argv)
{
	struct keys_arguments arguments = {.config = DEFAULT_CONFIG};
	const struct command *command;

	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, 0);
	command = argc > 1 ? find_command(argv[1]) : NULL;
	if (command == NULL ||
	    !read_arguments(command, argc - 1, argv + 1, &arguments))
		return usage(stderr, 2);
	return run(command, &arguments);
}
