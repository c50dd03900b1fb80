#include "io/config_keys.h"

#include <stddef.h>

#include "base/domain.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/config_common.h"

#define MEMBER(name) offsetof(struct config_keys, name)
#define DAY_S 86400ull
#define CENTURY_S (36525 * DAY_S)

/* in the order of the bits */
static const char *const type_words[] = {"rsa", "ed25519", NULL};
/* in the order of enum config_keys_publish */
static const char *const publish_words[] = {"none", "nsupdate", "hook", NULL};

const struct config_option config_keys_table[] = {
    {.section = "keys",
     .name = "directory",
     .type = CONFIG_STRING,
     .offset = MEMBER(directory),
     .otherwise = SIGNET_SYSCONFDIR "/keys"},
    {.section = "keys",
     .name = "group",
     .type = CONFIG_STRING,
     .offset = MEMBER(group),
     .otherwise = "signet-sign"},
    {.section = "keys",
     .name = "types",
     .type = CONFIG_WORDS,
     .offset = MEMBER(types),
     .otherwise = "rsa",
     .words = type_words},
    {.section = "keys",
     .name = "bits",
     .type = CONFIG_UINT,
     .offset = MEMBER(bits),
     .otherwise = "2048",
     .least = 2048,
     .most = LIMIT_RSA_BITS_MAX},
    {.section = "keys",
     .name = "record",
     .type = CONFIG_BOOL,
     .offset = MEMBER(record),
     .otherwise = "yes"},
    {.section = "keys",
     .name = "lifetime",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(lifetime_s),
     .otherwise = "180d",
     .most = CENTURY_S},
    {.section = "keys",
     .name = "settle",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(settle_s),
     .otherwise = "1d",
     .most = CENTURY_S},
    {.section = "keys",
     .name = "retire_wait",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(retire_s),
     .otherwise = "15d",
     .most = CENTURY_S},
    {.section = "keys",
     .name = "revoke_wait",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(revoke_s),
     .otherwise = "30d",
     .most = CENTURY_S},
    {.section = "keys",
     .name = "overdue",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(overdue_s),
     .otherwise = "7d",
     .most = CENTURY_S},
    {.section = "keys",
     .name = "publish",
     .type = CONFIG_WORD,
     .offset = MEMBER(publish),
     .otherwise = "none",
     .words = publish_words},
    {.section = "keys",
     .name = "ttl",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(ttl_s),
     .otherwise = "1h",
     .least = 1,
     .most = 7 * DAY_S},
    {.section = "keys",
     .name = "publish_timeout",
     .type = CONFIG_SECONDS,
     .offset = MEMBER(publish_timeout_s),
     .otherwise = "30s",
     .least = 1,
     .most = 3600},
    {.section = "keys",
     .name = "nsupdate",
     .type = CONFIG_STRING,
     .offset = MEMBER(nsupdate),
     .otherwise = "/usr/bin/nsupdate"},
    {.section = "keys",
     .name = "nsupdate_server",
     .type = CONFIG_STRING,
     .offset = MEMBER(nsupdate_server)},
    {.section = "keys",
     .name = "nsupdate_zone",
     .type = CONFIG_STRING,
     .offset = MEMBER(nsupdate_zone)},
    {.section = "keys",
     .name = "nsupdate_key",
     .type = CONFIG_STRING,
     .offset = MEMBER(nsupdate_key)},
    {.section = "keys",
     .name = "hook",
     .type = CONFIG_STRING,
     .offset = MEMBER(hook)},
    {.section = "keys",
     .name = "reload",
     .type = CONFIG_STRINGS,
     .offset = MEMBER(reload)},
    {.section = "keys",
     .name = "servers",
     .type = CONFIG_STRINGS,
     .offset = MEMBER(servers),
     .help = "write addresses of servers, such as 192.0.2.53 or "
	     "192.0.2.53@5353"},
    {.section = NULL},
};

/* Blames the option; returns false. */
static bool
blame(const struct config_source *source, const char *option, const char *word,
      struct why *why)
{
	return config_blame(source, "keys", NULL, option, word, why);
}

/* Paths begin at the root: neither cron's directory nor ours matters. */
static bool
check_path(const struct config_source *source, const char *option,
	   const char *path, struct why *why)
{
	if (path == NULL || path[0] == '/')
		return true;
	why_set(why,
		"%s: \"%.80s\" is no path from the root; write one such "
		"as /etc/signet/%s",
		option, path, option);
	return blame(source, option, NULL, why);
}

static bool
check_server(const struct config_source *source, const char *option,
	     const char *server, struct why *why)
{
	if (server == NULL || config_is_server(text_from(server)))
		return true;
	why_set(why,
		"%s: \"%.80s\" is no address; write ADDRESS or ADDRESS@PORT, "
		"such as 192.0.2.53",
		option, server);
	return blame(source, option, server, why);
}

static bool
check_servers(const struct config_source *source,
	      const struct config_keys *keys, struct why *why)
{
	size_t i;

	for (i = 0; i < keys->servers.count; i++)
		if (!check_server(source, "servers", keys->servers.values[i],
				  why))
			return false;
	return check_server(source, "nsupdate_server", keys->nsupdate_server,
			    why);
}

static bool
check_zone(struct arena *arena, const struct config_source *source,
	   const struct config_keys *keys, struct why *why)
{
	struct domain zone;

	if (keys->nsupdate_zone == NULL ||
	    domain_parse(arena, text_from(keys->nsupdate_zone), &zone, NULL))
		return true;
	why_set(why,
		"nsupdate_zone: \"%.80s\" is no domain; write one such as "
		"example.org",
		keys->nsupdate_zone);
	return blame(source, "nsupdate_zone", NULL, why);
}

static bool
check_publish(const struct config_source *source,
	      const struct config_keys *keys, struct why *why)
{
	if (keys->types == 0) {
		why_set(why, "types: none is no type; write rsa, or rsa, "
			     "ed25519");
		return blame(source, "types", NULL, why);
	}
	if (keys->publish == KEYS_PUBLISH_HOOK && keys->hook == NULL) {
		why_set(why, "publish = hook needs a program; write hook = "
			     "/path too");
		return blame(source, "publish", NULL, why);
	}
	return true;
}

bool
config_keys_fill(struct arena *arena, struct config_source *source,
		 struct config_keys *keys, struct why *why)
{
	return config_fill(source, config_keys_table, "keys", NULL, keys,
			   why) &&
	       check_path(source, "directory", keys->directory, why) &&
	       check_path(source, "nsupdate", keys->nsupdate, why) &&
	       check_path(source, "nsupdate_key", keys->nsupdate_key, why) &&
	       check_path(source, "hook", keys->hook, why) &&
	       (keys->reload.count == 0 ||
		check_path(source, "reload", keys->reload.values[0], why)) &&
	       check_servers(source, keys, why) &&
	       check_zone(arena, source, keys, why) &&
	       check_publish(source, keys, why);
}
