#include "postfix-policy/sts_settings.h"

#include <stddef.h>

#include "base/text.h"
#include "base/why.h"

#define MEMBER(name) offsetof(struct sts_settings, name)
#define DAY_S 86400ull

const struct config_option sts_settings_table[] = {
    {.section = "mta_sts",
     .name = "directory",
     .type = CONFIG_STRING,
     .offset = MEMBER(directory),
     .otherwise = SIGNET_POLICY_STATEDIR,
     .help = "name a directory, or write none"},
    {.section = "mta_sts",
     .name = "ca_file",
     .type = CONFIG_STRING,
     .offset = MEMBER(ca_file),
     .help = "name a file with certificates in PEM"},
    {.section = "mta_sts",
     .name = "allowed_networks",
     .type = CONFIG_NETWORKS,
     .offset = MEMBER(allowed),
     .help = "write addresses or networks such as 192.0.2.0/24"},
    {.section = "mta_sts",
     .name = "port",
     .type = CONFIG_UINT,
     .offset = MEMBER(port),
     .otherwise = "443",
     .least = 1,
     .most = 65535},
    {.section = "mta_sts",
     .name = "fetch_timeout",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(fetch_s),
     .otherwise = "60s",
     .least = 1,
     .most = 600},
    {.section = "mta_sts",
     .name = "back_off",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(back_off_s),
     .otherwise = "5m",
     .least = 1,
     .most = DAY_S},
    {.section = "mta_sts",
     .name = "refresh",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(refresh_s),
     .otherwise = "12h",
     .least = 60,
     .most = 30 * DAY_S},
    {.section = "mta_sts",
     .name = "unused",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(unused_s),
     .otherwise = "180d",
     .least = 60,
     .most = 3650 * DAY_S},
    {.section = "mta_sts",
     .name = "policies",
     .type = CONFIG_UINT,
     .offset = MEMBER(policies),
     .otherwise = "100000",
     .least = 1,
     .most = 10000000},
    {.section = "mta_sts",
     .name = "share",
     .type = CONFIG_BOOL,
     .offset = MEMBER(share),
     .otherwise = "yes"},
    {.section = NULL},
};

bool
sts_settings_fill(struct config_source *source, struct sts_settings *settings,
		  struct why *why)
{
	if (!config_fill(source, sts_settings_table, "mta_sts", NULL, settings,
			 why))
		return false;
	if (text_equal(text_from(settings->directory), TEXT("none")))
		settings->directory = NULL;
	return true;
}
