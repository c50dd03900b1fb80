/* signet - the administrator's command
 *
 * `signet NAME` runs signet-NAME where there is one; the rest is here.
 */
#include "config.h"

#include "admin/dmarc.h"
#include "admin/dns.h"
#include "admin/junk.h"
#include "admin/keys.h"
#include "admin/queue.h"
#include "admin/quota.h"
#include "admin/rules.h"
#include "admin/run_part.h"
#include "admin/status.h"
#include "admin/suppress.h"
#include "admin/tls.h"

struct command {
	const char *name, *program, *argument, *help;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    {"explain", "signet-milter", "--explain",
     "decide one message as signet-milter would, and say why", NULL},
    {"dmarc", NULL, NULL, "DMARC reports: report, checkreportaddrs DOMAIN",
     dmarc_main},
    {"dns", NULL, NULL, "records of a domain: what to publish, what is wrong",
     dns_main},
    {"explain-sign", "signet-sign", "--explain",
     "say which key signet-sign would sign a message with, and why", NULL},
    {"explain-tls", "signet-policy", "--explain",
     "say what a mail server is told of a domain's TLS, and all facts", NULL},
    {"junk", NULL, NULL,
     "the junk filter: train, retrain, forget, explain, stats", junk_main},
    {"keys", NULL, NULL,
     "signing keys: make, publish, rotate, retire, revoke, delete", keys_main},
    {"queue", NULL, NULL,
     "mail in the queue of Postfix: retls QUEUEID yes|no|default", queue_main},
    {"quota", NULL, NULL,
     "mailboxes: show, set, option, reconcile, adopt", quota_main},
    {"rules", NULL, NULL,
     "folders for the mail of lists and people: list, add, accept, mode",
     rules_main},
    {"status", NULL, NULL,
     "today's messages, spool, loader, database, resolver", status_main},
    {"suppress", NULL, NULL,
     "addresses that get no reports: list, add, extend, remove", suppress_main},
    {"tls", NULL, NULL, "how mail to a domain is protected: DOMAIN, override",
     tls_main},
    {"milter", "signet-milter", NULL, "run signet-milter", NULL},
    {"load", "signet-load", NULL, "run signet-load", NULL},
    {"sign", "signet-sign", NULL, "run signet-sign", NULL},
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static void
usage(FILE *to)
{
	size_t i;

	fputs("usage: signet COMMAND [ARGUMENTS]\n", to);
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-12s %s\n", commands[i].name, commands[i].help);
	fputs("signet(1) tells the arguments.\n", to);
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
				   : run_part(commands[i].program,
					      commands[i].argument, argc - 1,
					      argv + 1);
	fprintf(stderr, "signet: there is no command \"%s\"\n", argv[1]);
	usage(stderr);
	return 2;
}
