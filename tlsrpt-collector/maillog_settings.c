#include "tlsrpt-collector/maillog_settings.h"

#include <string.h>

#include "base/why.h"
#include "io/config_reports.h"
#include "io/listen.h"

#define OPTION(name, type, otherwise, least, most, help)                       \
	{                                                                      \
		"tls_collect", #name, type,                                    \
		    offsetof(struct maillog_settings, name), otherwise, least, \
		    most, NULL, help                                           \
	}

const struct config_option maillog_settings_table[] = {
    OPTION(log_file, CONFIG_STRING, NULL, 0, 0,
	   "write the path of the mail server's log"),
    OPTION(log_journal, CONFIG_BOOL, "no", 0, 0, NULL),
    OPTION(log_journalctl, CONFIG_STRING, "/usr/bin/journalctl", 0, 0,
	   "write the path of journalctl"),
    OPTION(log_position, CONFIG_STRING, SIGNET_TLS_STATEDIR "/log.position", 0,
	   0, "write the path of a file"),
    OPTION(log_direct, CONFIG_BOOL, "yes", 0, 0, NULL),
    OPTION(log_reports, CONFIG_STRING, NULL, 0, 0,
	   "write the syslog_name of the transport of reports"),
    OPTION(answers, CONFIG_STRING, "unix:" SIGNET_RUNDIR "/answers.sock", 0, 0,
	   "write unix:/path, or none"),
    OPTION(probe, CONFIG_BOOL, "yes", 0, 0, NULL),
    OPTION(probe_hourly, CONFIG_UINT, "200", 1, 100000, NULL),
    OPTION(probe_ca_file, CONFIG_STRING, NULL, 0, 0,
	   "write the path of a file with certificates"),
    {.section = NULL},
};

static bool
blame(const struct config_source *source, const char *option, struct why *why)
{
	return config_blame(source, "tls_collect", NULL, option, NULL, why);
}

static bool
check(const struct config_source *source,
      const struct maillog_settings *settings, struct why *why)
{
	struct listen_address address;

	if (settings->log_file != NULL && settings->log_journal) {
		why_set(why, "log_file and log_journal: choose one");
		return blame(source, "log_journal", why);
	}
	if (strcmp(settings->answers, "none") == 0)
		return true;
	if (!listen_parse(settings->answers, &address, why) ||
	    (listen_path(&address) == NULL &&
	     !why_set(why,
		      "answers: \"%.80s\" is no unix socket; write "
		      "unix:/path or none",
		      settings->answers)))
		return blame(source, "answers", why);
	return true;
}

bool
maillog_settings_fill(struct arena *arena, struct config_source *source,
		      struct maillog_settings *settings, struct why *why)
{
	struct config_reports reports = {.organization = NULL};

	if (!config_fill(source, maillog_settings_table, "tls_collect", NULL,
			 settings, why) ||
	    !config_reports_fill(arena, source, &reports, why))
		return false;
	settings->report_domain = reports.envelope_domain;
	return check(source, settings, why);
}
