#include "config.h"

#include "reporter/command.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/domain.h"
#include "base/why.h"
#include "io/log.h"

static volatile sig_atomic_t is_stopped;

static void
on_stop(int number)
{
	is_stopped = 1;
}

bool
command_stopped(void)
{
	return is_stopped != 0;
}

static int
usage(FILE *to, const char *program, int status)
{
	fprintf(to,
		"usage: %s [-n] [-c FILE] [-d CONNINFO] [--domain DOMAIN]\n"
		"           [--date YYYY-MM-DD] [--now | --dry-run | "
		"--explain]\n"
		"       %s --version | --help\n",
		program, program);
	return status;
}

/* What is answered without a configuration; -1: nothing was asked. */
static int
answer(const char *program, const char *argument)
{
	if (argument != NULL && strcmp(argument, "--help") == 0)
		return usage(stdout, program, EX_OK);
	if (argument == NULL || strcmp(argument, "--version") != 0)
		return -1;
	printf("%s " PACKAGE_VERSION "\n", program);
	return EX_OK;
}

static bool
take_option(struct command *command, int option)
{
	switch (option) {
	case 'c':
		command->config = optarg;
		return true;
	case 'd':
		command->database = optarg;
		return true;
	case 'D':
		command->domain = optarg;
		return true;
	case 't':
		command->day = optarg;
		return true;
	case 'w':
		command->hurry = true;
		return true;
	case 'r':
		command->mode = COMMAND_DRY_RUN;
		return true;
	case 'e':
		command->mode = COMMAND_EXPLAIN;
		return true;
	case 'n':
		command->mode = COMMAND_PRINT;
		return true;
	}
	return false;
}

static bool
read_command(int argc, char **argv, struct command *command)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"database", required_argument, NULL, 'd'},
	    {"domain", required_argument, NULL, 'D'},
	    {"date", required_argument, NULL, 't'},
	    {"now", no_argument, NULL, 'w'},
	    {"dry-run", no_argument, NULL, 'r'},
	    {"explain", no_argument, NULL, 'e'},
	    {NULL, 0, NULL, 0}};
	int option;

	*command = (struct command){.config = SIGNET_SYSCONFDIR "/signet.conf"};
	while ((option = getopt_long(argc, argv, "c:d:n", options, NULL)) != -1)
		if (!take_option(command, option))
			return false;
	return optind == argc;
}

/* "2026-11-21"; the database judges the rest. */
static bool
check_day(const char *day, struct why *why)
{
	unsigned year, month, date;
	char end;

	return day == NULL ||
	       (strlen(day) == 10 &&
		sscanf(day, "%4u-%2u-%2u%c", &year, &month, &date, &end) == 3 &&
		month >= 1 && month <= 12 && date >= 1 && date <= 31) ||
	       why_set(why,
		       "--date: \"%.40s\" is no day; write one such as "
		       "2026-11-21",
		       day);
}

static bool
check_domain(struct arena *arena, struct command *command, struct why *why)
{
	struct domain domain;

	if (command->domain == NULL)
		return true;
	if (!domain_parse(arena, text_from(command->domain), &domain, why))
		return why_prefix(why, "--domain");
	command->domain = text_string(arena, domain.name);
	return true;
}

int
command_read(struct arena *arena, const char *program, int argc, char **argv,
	     struct command *command)
{
	struct sigaction action = {.sa_handler = on_stop};
	int status = answer(program, argv[1]);
	struct why why;

	if (status >= 0)
		return status;
	log_open(program, "auto", false);
	if (!read_command(argc, argv, command))
		return usage(stderr, program, EX_USAGE);
	if (!check_day(command->day, &why) ||
	    !check_domain(arena, command, &why)) {
		log_error("%s", why.text);
		return EX_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	return -1;
}
