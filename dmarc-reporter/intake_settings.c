#include "dmarc-reporter/intake_settings.h"

#include <stddef.h>

#include "base/arena.h"
#include "base/why.h"

#define AT(member) offsetof(struct intake_settings, member)
#define OPTION(name, type, otherwise, help)                                    \
	{                                                                      \
		"report_intake", #name, type, AT(name), otherwise, 0, 0, NULL, \
		    help                                                       \
	}
#define NAMES_HELP "write names such as example.com"

const struct config_option intake_settings_table[] = {
    OPTION(domains, CONFIG_STRINGS, NULL, NAMES_HELP),
    OPTION(reports_only, CONFIG_STRINGS, NULL, NAMES_HELP),
    OPTION(hosts, CONFIG_STRINGS, NULL, NAMES_HELP),
    OPTION(domain_files, CONFIG_STRINGS, NULL,
	   "name files with one domain a line"),
    OPTION(authserv_id, CONFIG_STRING, NULL, "write a host name"),
    {"report_intake", "received_above", CONFIG_UINT, AT(received_above), "0", 0,
     100, NULL, "write a small number"},
    OPTION(directory, CONFIG_STRING, SIGNET_INTAKEDIR, "name a directory"),
    {"report_intake", "aside_max", CONFIG_BYTES, AT(aside_max), "1G", 1u << 20,
     INT64_MAX, NULL, "write a size such as 1G"},
    {"report_intake", "refused_max", CONFIG_BYTES, AT(refused_max), "100M",
     1u << 20, INT64_MAX, NULL, "write a size such as 100M"},
    {"report_intake", "daily", CONFIG_UINT, AT(daily), "1000", 0, INT64_MAX,
     NULL, "write a number, 0 for any"},
    {"report_intake", "daily_all", CONFIG_UINT, AT(daily_all), "50000", 0,
     INT64_MAX, NULL, "write a number, 0 for any"},
    {.section = NULL},
};

static bool
add_names(struct arena *arena, const struct config_source *source,
	  const char *option, const struct config_strings *from,
	  struct intake_names *to, struct why *why)
{
	size_t i;

	for (i = 0; i < from->count; i++)
		if (!intake_names_add(arena, to, text_from(from->values[i]),
				      why))
			return config_blame(source, "report_intake", NULL,
					    option, from->values[i], why);
	return true;
}

static bool
make_names(struct arena *arena, const struct config_source *source,
	   struct intake_settings *settings, struct why *why)
{
	struct intake_names *wanted = &settings->wanted;
	const struct config_strings *files = &settings->domain_files;
	size_t i;

	if (!add_names(arena, source, "domains", &settings->domains, wanted,
		       why) ||
	    !add_names(arena, source, "reports_only", &settings->reports_only,
		       wanted, why) ||
	    !add_names(arena, source, "hosts", &settings->hosts,
		       &settings->wanted_hosts, why))
		return false;
	for (i = 0; i < files->count; i++)
		if (!intake_names_add_file(arena, wanted, files->values[i],
					   why))
			return config_blame(source, "report_intake", NULL,
					    "domain_files", files->values[i],
					    why);
	if (settings->hosts.count == 0 &&
	    !intake_names_add(arena, &settings->wanted_hosts,
			      text_from(settings->common.hostname), why))
		return false;
	intake_names_sort(wanted);
	intake_names_sort(&settings->wanted_hosts);
	return true;
}

/* Without the key bounces of our reports are not known as such; a site that
 * only receives reports has none. */
static void
read_key(struct arena *arena, struct intake_settings *settings)
{
	if (!config_reports_verp_key(arena, &settings->reports,
				     &settings->verp_key, NULL))
		settings->verp_key = text_of(NULL, 0);
}

bool
intake_settings_read(struct arena *arena, const char *path,
		     struct intake_settings *settings,
		     struct config_source **source, struct why *why)
{
	*settings = (struct intake_settings){0};
	*source = config_read(arena, path, why);
	if (*source == NULL ||
	    !config_common_fill(arena, *source, &settings->common, why) ||
	    !config_reports_fill(arena, *source, &settings->reports, why) ||
	    !config_fill(*source, intake_settings_table, "report_intake", NULL,
			 settings, why) ||
	    !config_check(*source, config_known_sections, why) ||
	    !make_names(arena, *source, settings, why))
		return false;
	if (settings->authserv_id == NULL)
		settings->authserv_id = settings->common.hostname;
	read_key(arena, settings);
	return true;
}
