#include "tlsrpt-collector/tls_report_settings.h"

#include <stddef.h>

#include "base/why.h"
#include "reporter/reporter.h"

#define MEMBER(name) offsetof(struct tls_report_settings, name)
#define HOUR_S 3600ull
#define DAY_S 86400ull

static const char *const send_words[] = {"off", "failures", "all", NULL};

const struct config_option tls_report_settings_table[] = {
    {.section = "tls_report",
     .name = "send",
     .type = CONFIG_WORD,
     .offset = MEMBER(send),
     .otherwise = "failures",
     .words = send_words},
    {.section = "tls_report",
     .name = "delay",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(delay_s),
     .otherwise = "2h",
     .most = 24 * HOUR_S},
    {.section = "tls_report",
     .name = "newest",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(newest_s),
     .otherwise = "60h",
     .least = 48 * HOUR_S,
     .most = 30 * DAY_S,
     .help = "write a time of 48h to 30d: a day is whole after 24h"},
    {.section = "tls_report",
     .name = "retain",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(retain_s),
     .otherwise = "400d",
     .least = 35 * DAY_S,
     .most = 36525 * DAY_S,
     .help = "write a time of at least 35d"},
    {.section = "tls_report",
     .name = "https",
     .type = CONFIG_BOOL,
     .offset = MEMBER(https),
     .otherwise = "yes"},
    {.section = "tls_report",
     .name = "https_ca_file",
     .type = CONFIG_STRING,
     .offset = MEMBER(ca_file)},
    {.section = "tls_report",
     .name = "https_timeout",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(https_timeout_s),
     .otherwise = "1m",
     .least = 1,
     .most = 600},
    {.section = "tls_report",
     .name = "https_networks",
     .type = CONFIG_NETWORKS,
     .offset = MEMBER(https_networks)},
    {.section = NULL},
};

bool
tls_report_settings_read(struct arena *arena, const char *path,
			 struct tls_report_settings *settings,
			 struct config_source **source, struct why *why)
{
	*settings = (struct tls_report_settings){0};
	*source = config_read(arena, path, why);
	return *source != NULL &&
	       config_common_fill(arena, *source, &settings->common, why) &&
	       config_reports_fill(arena, *source, &settings->reports, why) &&
	       config_keys_fill(arena, *source, &settings->keys, why) &&
	       config_fill(*source, tls_report_settings_table, "tls_report",
			   NULL, settings, why) &&
	       config_check(*source, config_known_sections, why);
}

const struct tls_report_settings *
tls_report_settings_of(const struct reporter *reporter)
{
	return reporter->settings;
}

const char *
tls_report_settings_send(const struct tls_report_settings *settings)
{
	return send_words[settings->send];
}
