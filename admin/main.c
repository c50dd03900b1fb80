/* signet - the administrator's command
 *
 * `signet NAME` runs signet-NAME where there is one; the rest is here.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <unistd.h>

#include "admin/dns.h"
#include "admin/keys.h"
#include "admin/status.h"
#include "admin/suppress.h"

struct command {
	const char *name, *program, *argument, *help;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    {"explain", "signet-milter", "--explain",
     "decide one message as signet-milter would, and say why", NULL},
    {"dns", NULL, NULL, "records of a domain: what to publish, what is wrong",
     dns_main},
    {"explain-sign", "signet-sign", "--explain",
     "say which key signet-sign would sign a message with, and why", NULL},
    {"keys", NULL, NULL,
     "signing keys: make, publish, rotate, retire, revoke, delete", keys_main},
    {"status", NULL, NULL,
     "today's messages, spool, loader, database, resolver", status_main},
    {"suppress", NULL, NULL,
     "addresses that get no reports: list, add, extend, remove",
     suppress_main},
    {"milter", "signet-milter", NULL, "run signet-milter", NULL},
    {"load", "signet-load", NULL, "run signet-load", NULL},
    {"sign", "signet-sign", NULL, "run signet-sign", NULL},
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))
#define ARGUMENTS_MOST 250

static void
usage(FILE *to)
{
	size_t i;

	fputs("usage: signet COMMAND [ARGUMENTS]\n", to);
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-12s %s\n", commands[i].name,
			commands[i].help);
	fputs("signet(1) tells the arguments.\n", to);
}

/* Beside this program first: an uninstalled build runs its own parts. */
static void
find_program(const char *name, char path[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (length > 0) {
		self[length] = '\0';
		slash = strrchr(self, '/');
		if (slash != NULL) {
			*slash = '\0';
			snprintf(path, PATH_MAX, "%.4000s/%s", self, name);
			if (access(path, X_OK) == 0)
				return;
		}
	}
	snprintf(path, PATH_MAX, "%s/%s", SIGNET_SBINDIR, name);
}

static int
run_program(const struct command *command, int argc, char **argv)
{
	char *arguments[ARGUMENTS_MOST + 3];
	char path[PATH_MAX];
	int used = 0, i;

	if (argc > ARGUMENTS_MOST) {
		fputs("signet: too many arguments\n", stderr);
		return 2;
	}
	find_program(command->program, path);
	arguments[used++] = path;
	if (command->argument != NULL)
		arguments[used++] = (char *)(uintptr_t)command->argument;
	for (i = 1; i < argc; i++)
		arguments[used++] = argv[i];
	arguments[used] = NULL;
	execv(path, arguments);
	fprintf(stderr, "signet: cannot run %s: %s\n", path, strerror(errno));
	return 2;
}

int
main(int argc, char **argv)
{
	size_t i;

	if (argc < 2 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		usage(argc < 2 ? stderr : stdout);
		return argc < 2 ? 2 : 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("signet " PACKAGE_VERSION);
		return 0;
	}
	for (i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run != NULL
				   ? commands[i].run(argc - 1, argv + 1)
				   : run_program(&commands[i], argc - 1,
						 argv + 1);
	fprintf(stderr, "signet: there is no command \"%s\"\n", argv[1]);
	usage(stderr);
	return 2;
}
