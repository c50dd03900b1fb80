#include "sql/load_settings.h"

#include <unistd.h>

#include "base/arena.h"
#include "base/why.h"
#include "io/config.h"

#define AT(member) offsetof(struct load_settings, member)
#define DAY_S 86400ull
#define GIB (1ull << 30)

/* clang-format off */
const struct config_option load_options[] = {
	{"common", "hostname", CONFIG_STRING, AT(name), NULL, 0, 0, NULL,
	 "the name of this host; default: what the system says"},
	{"common", "spool_directory", CONFIG_STRING, AT(spool_directory),
	 SIGNET_SPOOLDIR, 0, 0, NULL, "a directory"},
	{"database", "conninfo", CONFIG_STRING, AT(conninfo),
	 "dbname=signet", 0, 0, NULL,
	 "a libpq connection string, as in psql \"host=... dbname=...\""},
	{"load", "poll", CONFIG_SECONDS, AT(poll_s), "1s", 1, 60, NULL,
	 "a time from 1s to 60s"},
	{"load", "retry", CONFIG_SECONDS, AT(retry_s), "10s", 1, 600, NULL,
	 "a time from 1s to 10m"},
	{"load", "spool_max", CONFIG_BYTES, AT(spool_max_bytes), "4G", 0,
	 1024 * GIB, NULL, "a size, 0 for no ceiling"},
	{"load", "retain_messages", CONFIG_SECONDS, AT(retain_messages_s),
	 "30d", 0, 36500 * DAY_S, NULL, "a time, 0 for ever"},
	{"load", "retain_evaluations", CONFIG_SECONDS,
	 AT(retain_evaluations_s), "7d", 0, 36500 * DAY_S, NULL,
	 "a time, 0 for ever"},
	{NULL, NULL, CONFIG_STRING, 0, NULL, 0, 0, NULL, NULL}};
/* clang-format on */

static const char *const known_sections[] = {
    "common", "database", "dns", "load", "metrics", "milter", NULL};

static const char *
host_name(struct arena *arena)
{
	char name[256] = "";

	if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0')
		return "localhost";
	return text_string(arena, text_from(name));
}

bool
load_settings_read(struct arena *arena, const char *path,
		   struct load_settings *settings, struct why *why)
{
	static const char *const sections[] = {"common", "database", "load"};
	struct config_source *source = config_read(arena, path, why);
	size_t i;

	if (source == NULL)
		return false;
	*settings = (struct load_settings){0};
	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (!config_fill(source, load_options, sections[i], NULL,
				 settings, why))
			return false;
	if (!config_check(source, known_sections, why))
		return false;
	if (settings->name == NULL)
		settings->name = host_name(arena);
	return true;
}
