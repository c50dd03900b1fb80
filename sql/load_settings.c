#include "sql/load_settings.h"

#include <stddef.h>

#include "base/why.h"

#define MEMBER(name) offsetof(struct load_settings, name)
#define DAY_S 86400ull
#define CENTURY_S (36525 * DAY_S)

const struct config_option load_settings_table[] = {
    {.section = "load",
     .name = "poll",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(poll_s),
     .otherwise = "1s",
     .least = 1,
     .most = 60},
    {.section = "load",
     .name = "retry",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(retry_s),
     .otherwise = "10s",
     .least = 1,
     .most = 600},
    {.section = "load",
     .name = "retain_messages",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(retain_messages_s),
     .otherwise = "30d",
     .most = CENTURY_S,
     .help = "write a time such as 30d, or 0 to keep them for ever"},
    {.section = "load",
     .name = "retain_evaluations",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(retain_evaluations_s),
     .otherwise = "7d",
     .most = CENTURY_S,
     .help = "write a time such as 7d, or 0 to keep them for ever"},
    {.section = "load",
     .name = "retain_tls_results",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(retain_tls_results_s),
     .otherwise = "30d",
     .most = CENTURY_S,
     .help = "write a time such as 30d, or 0 to keep them for ever"},
    {.section = NULL},
};

bool
load_settings_read(struct arena *arena, const char *path,
		   struct load_settings *settings,
		   struct config_source **source, struct why *why)
{
	*settings = (struct load_settings){0};
	*source = config_read(arena, path, why);
	return *source != NULL &&
	       config_common_fill(arena, *source, &settings->common, why) &&
	       config_fill(*source, load_settings_table, "load", NULL, settings,
			   why) &&
	       config_check(*source, config_known_sections, why);
}

struct load_loop_options
load_settings_loop(const struct load_settings *settings)
{
	return (struct load_loop_options){
	    .spool_directory = settings->common.spool_directory,
	    .conninfo = settings->common.conninfo,
	    .name = settings->common.hostname,
	    .poll_s = settings->poll_s,
	    .retry_s = settings->retry_s,
	    .spool_max_bytes = settings->common.spool_max,
	    .retain_messages_s = settings->retain_messages_s,
	    .retain_evaluations_s = settings->retain_evaluations_s,
	    .retain_tls_results_s = settings->retain_tls_results_s,
	};
}
