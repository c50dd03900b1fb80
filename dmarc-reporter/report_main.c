/* signet-dmarc-report - DMARC aggregate reports to those who ask for them; see
 * docs/man/signet-dmarc-report.8 */

#include "config.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/domain.h"
#include "base/why.h"
#include "dmarc-reporter/failure_send.h"
#include "dmarc-reporter/preview.h"
#include "dmarc-reporter/reporter.h"
#include "dmarc-reporter/send.h"
#include "io/log.h"

enum mode { MODE_SEND, MODE_DRY_RUN, MODE_EXPLAIN, MODE_PRINT };

struct command {
	enum mode mode;
	const char *config, *database, *domain, *day;
	bool hurry;
};

static volatile sig_atomic_t is_stopped;

static void
on_stop(int number)
{
	is_stopped = 1;
}

static bool
stopped(void)
{
	return is_stopped != 0;
}

static int
usage(FILE *to, int status)
{
	fputs("usage: signet-dmarc-report [-n] [-c FILE] [-d CONNINFO] "
	      "[--domain DOMAIN]\n"
	      "           [--date YYYY-MM-DD] [--now | --dry-run | "
	      "--explain]\n"
	      "       signet-dmarc-report --version | --help\n",
	      to);
	return status;
}

/* What is answered without a configuration; -1: nothing was asked. */
static int
answer(const char *argument)
{
	if (argument != NULL && strcmp(argument, "--help") == 0)
		return usage(stdout, EX_OK);
	if (argument == NULL || strcmp(argument, "--version") != 0)
		return -1;
	puts("signet-dmarc-report " PACKAGE_VERSION);
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
		command->mode = MODE_DRY_RUN;
		return true;
	case 'e':
		command->mode = MODE_EXPLAIN;
		return true;
	case 'n':
		command->mode = MODE_PRINT;
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

static int
fail(int status, const struct why *why)
{
	log_error("%s", why->text);
	return status;
}

/* Failure reports first: they are news, and few. */
static int
send_all(struct reporter *reporter, const struct claim_filter *filter,
	 bool hurry)
{
	int failures = EX_OK, status;

	if (filter->domain == NULL && filter->day == NULL)
		failures = failure_send_run(reporter);
	status = send_run(reporter, filter, hurry);
	return status != EX_OK ? status : failures;
}

static int
run(struct arena *arena, const struct command *command,
    const struct report_settings *settings)
{
	struct claim_filter filter = {command->domain, command->day};
	struct reporter reporter;
	struct why why;
	int status;

	if (!reporter_open(arena, settings, &reporter, &why))
		return fail(EX_CONFIG, &why);
	reporter.stopped = stopped;
	if (command->mode == MODE_SEND)
		status = send_all(&reporter, &filter, command->hurry);
	else
		status = preview_run(&reporter, command->domain, command->day,
				     command->mode == MODE_EXPLAIN);
	reporter_close(&reporter);
	return status;
}

static int
start(struct arena *arena, struct command *command)
{
	struct report_settings settings;
	struct config_source *source;
	struct why why;

	if (!check_day(command->day, &why) ||
	    !check_domain(arena, command, &why))
		return fail(EX_USAGE, &why);
	if (!report_settings_read(arena, command->config, &settings, &source,
				  &why))
		return fail(EX_CONFIG, &why);
	if (command->database != NULL)
		settings.common.conninfo = command->database;
	log_open("signet-dmarc-report", config_common_log(&settings.common),
		 settings.common.debug);
	if (command->mode != MODE_PRINT)
		return run(arena, command, &settings);
	config_print_changed(source, config_common_table);
	config_print_changed(source, config_reports_table);
	config_print_changed(source, report_settings_table);
	return EX_OK;
}

int
main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_stop};
	struct command command;
	struct arena *arena;
	int status = answer(argv[1]);

	if (status >= 0)
		return status;
	log_open("signet-dmarc-report", "auto", false);
	if (!read_command(argc, argv, &command))
		return usage(stderr, EX_USAGE);
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	arena = arena_new();
	status = start(arena, &command);
	arena_free(arena);
	return status;
}
