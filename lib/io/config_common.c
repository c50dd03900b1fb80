#include "io/config_common.h"

#include <stddef.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/domain.h"
#include "base/ipaddr.h"
#include "base/limits.h"
#include "base/why.h"

/* in the order of enum spool_sync */
static const char *const sync_words[] = {"second", "always", "never", NULL};
static const char *const log_words[] = {"auto", "stderr", "journal", "syslog",
					NULL};

#define MEMBER(name) offsetof(struct config_common, name)

const struct config_option config_common_table[] = {
    {.section = "common",
     .name = "hostname",
     .type = CONFIG_STRING,
     .offset = MEMBER(hostname),
     .help = "write this host's full name, such as mx1.example.org"},
    {.section = "common",
     .name = "public_addresses",
     .type = CONFIG_STRINGS,
     .offset = MEMBER(public_addresses),
     .help = "write this host's addresses as the world sees them, such as "
	     "192.0.2.1, 2001:db8::1"},
    {.section = "common",
     .name = "spool_directory",
     .type = CONFIG_STRING,
     .offset = MEMBER(spool_directory),
     .otherwise = SIGNET_SPOOLDIR},
    {.section = "common",
     .name = "spool_sync",
     .type = CONFIG_WORD,
     .offset = MEMBER(spool_sync),
     .otherwise = "second",
     .words = sync_words},
    {.section = "common",
     .name = "spool_max",
     .type = CONFIG_BYTES,
     .offset = MEMBER(spool_max),
     .otherwise = "10G"},
    {.section = "common",
     .name = "log",
     .type = CONFIG_WORD,
     .offset = MEMBER(log),
     .otherwise = "auto",
     .words = log_words},
    {.section = "common",
     .name = "debug",
     .type = CONFIG_BOOL,
     .offset = MEMBER(debug),
     .otherwise = "no"},
    {.section = "dns",
     .name = "forward",
     .type = CONFIG_STRINGS,
     .offset = MEMBER(forward),
     .help = "write addresses of resolvers, such as 127.0.0.1 or "
	     "192.0.2.53@5353, or leave it out to ask from the root"},
    {.section = "dns",
     .name = "root_key",
     .type = CONFIG_STRING,
     .offset = MEMBER(root_key)},
    {.section = "dns",
     .name = "timeout",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(dns_timeout_s),
     .otherwise = "20s",
     .least = 1,
     .most = 240},
    {.section = "dns",
     .name = "cache_entries",
     .type = CONFIG_UINT,
     .offset = MEMBER(cache_entries),
     .otherwise = "20000",
     .least = 16,
     .most = 10000000},
    {.section = "database",
     .name = "conninfo",
     .type = CONFIG_STRING,
     .offset = MEMBER(conninfo),
     .otherwise = "dbname=signet"},
    {.section = NULL},
};

const char *const config_known_sections[] = {
    "common",	  "database",	   "dmarc_report", "dns",    "domain",
    "keys",	  "load",	   "mailbox",	   "milter", "mta_sts",
    "policy",	  "report_intake", "reports",	   "sign",   "tls_collect",
    "tls_report", "trust",	   NULL,
};

/* The name of this host; gethostname may give its first label alone, which
 * is still better than none. */
static const char *
default_hostname(struct arena *arena)
{
	char name[LIMIT_DOMAIN_BYTES + 1];

	if (gethostname(name, sizeof(name)) != 0 || name[0] == '\0')
		return "localhost";
	name[sizeof(name) - 1] = '\0';
	return arena_printf(arena, "%s", name);
}

bool
config_is_server(struct text text)
{
	size_t at = text_find(text, '@');
	struct ipaddr address;
	uint64_t port;

	if (at < text.len &&
	    (!text_to_u64(text_skip(text, at + 1), 65535, &port) || port == 0))
		return false;
	return ipaddr_parse(text_first(text, at), &address);
}

static bool
check_forward(const struct config_source *source,
	      const struct config_common *common, struct why *why)
{
	const char *value;
	size_t i;

	for (i = 0; i < common->forward.count; i++) {
		value = common->forward.values[i];
		if (config_is_server(text_from(value)))
			continue;
		why_set(why,
			"forward: \"%.80s\" is no address; write ADDRESS or "
			"ADDRESS@PORT, such as 127.0.0.1",
			value);
		return config_blame(source, "dns", NULL, "forward", value, why);
	}
	return true;
}

static bool
check_public_addresses(const struct config_source *source,
		       const struct config_common *common, struct why *why)
{
	struct ipaddr address;
	const char *value;
	size_t i;

	for (i = 0; i < common->public_addresses.count; i++) {
		value = common->public_addresses.values[i];
		if (ipaddr_parse(text_from(value), &address))
			continue;
		why_set(why,
			"public_addresses: \"%.80s\" is no address; write "
			"addresses such as 192.0.2.1",
			value);
		return config_blame(source, "common", NULL, "public_addresses",
				    value, why);
	}
	return true;
}

/* Without validation the root cannot be asked; signet.conf(5) says so. */
static bool
check_root_key(const struct config_source *source,
	       const struct config_common *common, struct why *why)
{
	if (common->root_key == NULL || strcmp(common->root_key, "none") != 0 ||
	    common->forward.count > 0)
		return true;
	why_set(why, "root_key = none needs a resolver that validates; write "
		     "forward = ADDRESS too, or remove it");
	return config_blame(source, "dns", NULL, "root_key", NULL, why);
}

static bool
check_hostname(struct arena *arena, const struct config_source *source,
	       struct config_common *common, struct why *why)
{
	struct domain domain;

	if (common->hostname == NULL || common->hostname[0] == '\0')
		common->hostname = default_hostname(arena);
	if (domain_parse(arena, text_from(common->hostname), &domain, why)) {
		common->hostname = text_string(arena, domain.name);
		return true;
	}
	why_set(why,
		"hostname: \"%.80s\" is no host name; write this host's full "
		"name, such as mx1.example.org",
		common->hostname);
	return config_blame(source, "common", NULL, "hostname", NULL, why);
}

bool
config_common_fill(struct arena *arena, struct config_source *source,
		   struct config_common *common, struct why *why)
{
	static const char *const sections[] = {"common", "dns", "database"};
	size_t i;

	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (!config_fill(source, config_common_table, sections[i], NULL,
				 common, why))
			return false;
	return check_hostname(arena, source, common, why) &&
	       check_public_addresses(source, common, why) &&
	       check_forward(source, common, why) &&
	       check_root_key(source, common, why);
}

const char *
config_common_log(const struct config_common *common)
{
	static const char *const targets[] = {"auto", "stderr",
					      "stderr-journal", "syslog"};

	return targets[common->log];
}

struct spool_options
config_common_spool(const struct config_common *common, const char *program)
{
	return (struct spool_options){
	    .directory = common->spool_directory,
	    .program = program,
	    .host = common->hostname,
	    .sync = (enum spool_sync)common->spool_sync,
	    .most_bytes = common->spool_max,
	};
}
