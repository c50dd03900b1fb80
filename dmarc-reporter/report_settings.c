#include "dmarc-reporter/report_settings.h"

#include <stddef.h>

#include "base/why.h"
#include "reporter/reporter.h"

#define MEMBER(name) offsetof(struct report_settings, name)
#define DAY_S 86400ull

static const char *const format_words[] = {"rfc9990", "rfc7489", NULL};

const struct config_option report_settings_table[] = {
    {.section = "dmarc_report",
     .name = "report_format",
     .type = CONFIG_WORD,
     .offset = MEMBER(format),
     .otherwise = "rfc9990",
     .words = format_words},
    {.section = "dmarc_report",
     .name = "delay",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(delay_s),
     .otherwise = "2h",
     .most = 2 * DAY_S},
    {.section = "dmarc_report",
     .name = "retain",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(retain_s),
     .otherwise = "400d",
     .least = 35 * DAY_S,
     .most = 36525 * DAY_S,
     .help = "write a time of at least 35d"},
    {.section = "dmarc_report",
     .name = "failure_domain_hourly",
     .type = CONFIG_UINT,
     .offset = MEMBER(failure_domain_hourly),
     .otherwise = "5",
     .most = 1000},
    {.section = "dmarc_report",
     .name = "failure_address_hourly",
     .type = CONFIG_UINT,
     .offset = MEMBER(failure_address_hourly),
     .otherwise = "10",
     .most = 1000},
    {.section = "dmarc_report",
     .name = "failure_hourly",
     .type = CONFIG_UINT,
     .offset = MEMBER(failure_hourly),
     .otherwise = "100",
     .most = 10000},
    {.section = NULL},
};

bool
report_settings_read(struct arena *arena, const char *path,
		     struct report_settings *settings,
		     struct config_source **source, struct why *why)
{
	*settings = (struct report_settings){0};
	*source = config_read(arena, path, why);
	return *source != NULL &&
	       config_common_fill(arena, *source, &settings->common, why) &&
	       config_reports_fill(arena, *source, &settings->reports, why) &&
	       config_keys_fill(arena, *source, &settings->keys, why) &&
	       config_fill(*source, report_settings_table, "dmarc_report", NULL,
			   settings, why) &&
	       config_check(*source, config_known_sections, why);
}

const char *
report_settings_format(const struct report_settings *settings)
{
	return format_words[settings->format];
}

const struct report_settings *
report_settings_of(const struct reporter *reporter)
{
	return reporter->settings;
}
