/* signet-tls-report - TLS reports to those who ask for them; see
 * docs/man/signet-tls-report.8 */

#include "config.h"

#include <sysexits.h>

#include "base/arena.h"
#include "base/why.h"
#include "io/https.h"
#include "io/log.h"
#include "reporter/command.h"
#include "reporter/reporter.h"
#include "reporter/send.h"
#include "tlsrpt-collector/tls_kind.h"
#include "tlsrpt-collector/tls_preview.h"
#include "tlsrpt-collector/tls_report_settings.h"

#define PROGRAM "signet-tls-report"

static int
fail(int status, const struct why *why)
{
	log_error("%s", why->text);
	return status;
}

static int
send_all(struct reporter *reporter, const struct claim_filter *filter,
	 bool hurry)
{
	const struct tls_report_settings *settings =
	    tls_report_settings_of(reporter);
	const struct https_options options = {
	    .ca_file = settings->ca_file,
	    .allowed = settings->https_networks.values,
	    .allowed_count = settings->https_networks.count,
	    .agent = "signet/" PACKAGE_VERSION};
	struct why why;
	int status;

	if (settings->send == TLS_REPORT_OFF) {
		log_info("[tls_report] send = off");
		return EX_OK;
	}
	reporter->handle = https_open(&options, &why);
	if (reporter->handle == NULL)
		return fail(EX_CONFIG, &why);
	status = send_run(reporter, &tls_carrier, filter, hurry);
	https_close(reporter->handle);
	return status;
}

static int
run(const struct command *command, const struct tls_report_settings *settings)
{
	struct claim_filter filter = {command->domain, command->day};
	struct reporter reporter = {.kind = &tls_kind,
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
		status =
		    tls_preview_run(&reporter, command->domain, command->day,
				    command->mode == COMMAND_EXPLAIN);
	reporter_close(&reporter);
	return status;
}

static int
start(struct arena *arena, const struct command *command)
{
	struct tls_report_settings settings;
	struct config_source *source;
	struct why why;

	if (!tls_report_settings_read(arena, command->config, &settings,
				      &source, &why))
		return fail(EX_CONFIG, &why);
	if (command->database != NULL)
		settings.common.conninfo = command->database;
	log_open(PROGRAM, config_common_log(&settings.common),
		 settings.common.debug);
	if (command->mode != COMMAND_PRINT)
		return run(command, &settings);
	config_print_changed(source, config_common_table);
	config_print_changed(source, config_reports_table);
	config_print_changed(source, tls_report_settings_table);
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
