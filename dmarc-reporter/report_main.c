/* signet-dmarc-report - DMARC aggregate reports to those who ask for them; see
 * docs/man/signet-dmarc-report.8 */

#include <sysexits.h>

#include "base/arena.h"
#include "base/why.h"
#include "dmarc-reporter/aggregate.h"
#include "dmarc-reporter/failure_send.h"
#include "dmarc-reporter/preview.h"
#include "dmarc-reporter/report_settings.h"
#include "io/log.h"
#include "reporter/command.h"
#include "reporter/reporter.h"
#include "reporter/send.h"

#define PROGRAM "signet-dmarc-report"

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
	status = send_run(reporter, &aggregate_carrier, filter, hurry);
	return status != EX_OK ? status : failures;
}

static int
run(const struct command *command, const struct report_settings *settings)
{
	struct claim_filter filter = {command->domain, command->day};
	struct reporter reporter = {.kind = &aggregate_kind,
				    .common = &settings->common,
				    .reports = &settings->reports,
				    .keys = &settings->keys,
				    .retain_s = settings->retain_s,
				    .settings = settings,
				    .stopped = command_stopped};
	struct why why;
	int status;

	if (!reporter_open(&reporter, &why))
		return fail(EX_CONFIG, &why);
	if (command->mode == COMMAND_SEND)
		status = send_all(&reporter, &filter, command->hurry);
	else
		status = preview_run(&reporter, command->domain, command->day,
				     command->mode == COMMAND_EXPLAIN);
	reporter_close(&reporter);
	return status;
}

static int
start(struct arena *arena, const struct command *command)
{
	struct report_settings settings;
	struct config_source *source;
	struct why why;

	if (!report_settings_read(arena, command->config, &settings, &source,
				  &why))
		return fail(EX_CONFIG, &why);
	if (command->database != NULL)
		settings.common.conninfo = command->database;
	log_open(PROGRAM, config_common_log(&settings.common),
		 settings.common.debug);
	if (command->mode != COMMAND_PRINT)
		return run(command, &settings);
	config_print_changed(source, config_common_table);
	config_print_changed(source, config_reports_table);
	config_print_changed(source, report_settings_table);
	return EX_OK;
}

int
main(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct command command;
	int status = command_read(arena, PROGRAM, argc, argv, &command);

	if (status < 0)
		status = start(arena, &command);
	arena_free(arena);
	return status;
}
