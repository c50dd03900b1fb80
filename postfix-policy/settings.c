#include "postfix-policy/settings.h"

#include <errno.h>
#include <string.h>
#include <stddef.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/why.h"
#include "io/listen.h"

#define DEFAULT_PATH SIGNET_SYSCONFDIR "/signet.conf"

/* in the order of enum policy_preference */
static const char *const preferences[] = {"dane", "sts", NULL};

#define AT(member) offsetof(struct policy_options, member)
#define OPTION(name, type, otherwise, help)                                    \
	{                                                                      \
		"policy", #name, type, AT(name), otherwise, 0, 0, NULL, help   \
	}
#define NUMBER(name, type, at, otherwise, least, most, help)                   \
	{                                                                      \
		"policy", #name, type, AT(at), otherwise, least, most, NULL,   \
		    help                                                       \
	}

#define DAY_S 86400ull
/* DNS answers: hosts that many destinations have in common */
#define DNS_ENTRIES 500

const struct config_option policy_options_table[] = {
    OPTION(listen, CONFIG_STRINGS, "unix:" SIGNET_RUNDIR "/policy.sock",
	   "write unix:/path or inet:port@127.0.0.1"),
    OPTION(delegate, CONFIG_STRINGS, NULL,
	   "write unix:/path or inet:port@127.0.0.1"),
    OPTION(quota, CONFIG_BOOL, "yes", "write yes or no"),
    NUMBER(quota_deadline, CONFIG_SECONDS, quota_deadline_s, "2s", 1, 60,
	   "write a time such as 2s"),
    OPTION(socket_group, CONFIG_STRING, NULL,
	   "name the group of the mail server, such as postfix"),
    OPTION(socket_mode, CONFIG_STRING, "0660",
	   "write an octal mode such as 0660"),
    OPTION(metrics, CONFIG_STRING, NULL,
	   "write unix:/path or inet:port@127.0.0.1"),
    OPTION(answers, CONFIG_STRING, SIGNET_RUNDIR "/answers.sock",
	   "name a socket of signet-tls-collect, or write none"),
    NUMBER(deadline, CONFIG_SECONDS, deadline_s, "8s", 1, 90,
	   "write a time below the 100 seconds that Postfix waits"),
    NUMBER(lookups, CONFIG_UINT, lookups, "256", 1, 4096,
	   "write how many destinations may be looked up at once"),
    NUMBER(connections, CONFIG_UINT, connections, "8192", 16, 100000,
	   "write a number above the smtp processes of all mail servers"),
    NUMBER(idle_timeout, CONFIG_SECONDS, idle_timeout_s, "10m", 10, DAY_S,
	   "write a time such as 10m"),
    NUMBER(request_timeout, CONFIG_SECONDS, request_timeout_s, "10s", 1, 600,
	   "write a time such as 10s"),
    NUMBER(cache_entries, CONFIG_UINT, cache_entries, "100000", 16, 10000000,
	   "write how many destinations are kept"),
    NUMBER(cache_bytes, CONFIG_BYTES, cache_bytes, "64M", 65536, 1ull << 40,
	   "write a size such as 64M"),
    NUMBER(cache_time, CONFIG_SECONDS, cache_time_s, "1h", 1, DAY_S,
	   "write a time such as 1h"),
    {"policy", "dane_and_sts", CONFIG_WORD, AT(dane_and_sts), "dane", 0, 0,
     preferences, "write dane or sts"},
    {NULL, NULL, CONFIG_STRING, 0, NULL, 0, 0, NULL, NULL},
};

static bool
check_sockets(const struct settings *settings, const char *option,
	      const struct config_strings *sockets, struct why *why)
{
	struct listen_address address;
	size_t i;

	for (i = 0; i < sockets->count; i++) {
		if (listen_parse(sockets->values[i], &address, why))
			continue;
		why_prefix(why, "%s", option);
		return config_blame(settings->source, "policy", NULL, option,
				    sockets->values[i], why);
	}
	return true;
}

static bool
check_metrics(const struct settings *settings, struct why *why)
{
	const char *metrics = settings->policy.metrics;
	struct listen_address address;

	if (metrics == NULL)
		return true;
	if (!listen_parse(metrics, &address, why))
		why_prefix(why, "metrics");
	else if (listen_is_local(&address))
		return true;
	else
		why_set(why,
			"metrics: \"%.80s\" is open to others, and figures "
			"are not for the network; write unix:/path or "
			"inet:port@127.0.0.1",
			metrics);
	return config_blame(settings->source, "policy", NULL, "metrics", NULL,
			    why);
}

static bool
check(const struct settings *settings, struct why *why)
{
	mode_t mode;

	if (!listen_parse_mode(settings->policy.socket_mode, &mode, why)) {
		why_prefix(why, "socket_mode");
		return config_blame(settings->source, "policy", NULL,
				    "socket_mode", NULL, why);
	}
	return check_sockets(settings, "listen", &settings->policy.listen,
			     why) &&
	       check_sockets(settings, "delegate", &settings->policy.delegate,
			     why) &&
	       check_metrics(settings, why);
}

static const char *
choose_path(const char *path)
{
	if (path != NULL)
		return path;
	/* One that is there and cannot be read is an error. */
	if (access(DEFAULT_PATH, F_OK) != 0 && errno == ENOENT)
		return "/dev/null";
	return DEFAULT_PATH;
}

static bool
load(struct settings *settings, const char *path, struct why *why)
{
	settings->source = config_read(settings->arena, choose_path(path), why);
	return settings->source != NULL &&
	       config_common_fill(settings->arena, settings->source,
				  &settings->common, why) &&
	       config_fill(settings->source, policy_options_table, "policy",
			   NULL, &settings->policy, why) &&
	       sts_settings_fill(settings->source, &settings->sts, why) &&
	       check(settings, why) &&
	       config_check(settings->source, config_known_sections, why);
}

struct settings *
settings_load(const char *path, struct why *why)
{
	struct arena *arena = arena_new();
	struct settings *settings = arena_new_value(arena, struct settings);

	settings->arena = arena;
	if (load(settings, path, why))
		return settings;
	arena_free(arena);
	return NULL;
}

void
settings_free(struct settings *settings)
{
	if (settings != NULL)
		arena_free(settings->arena);
}

void
settings_resolver(const struct settings *settings,
		  struct resolver_options *options)
{
	const struct config_common *common = &settings->common;

	memset(options, 0, sizeof(*options));
	options->forward = common->forward.values;
	options->forward_count = common->forward.count;
	/* Decisions are kept, for as long as the DNS says: what lies below
	 * them is asked again once for each of those. */
	options->is_small = true;
	options->cache_entries = common->cache_entries < DNS_ENTRIES
				     ? common->cache_entries
				     : DNS_ENTRIES;
	options->root_key = common->root_key != NULL
				? common->root_key
				: resolver_default_root_key();
	if (common->root_key != NULL && strcmp(common->root_key, "none") == 0)
		options->root_key = NULL;
}

struct tls_policy_options
settings_choice(const struct settings *settings)
{
	struct tls_policy_options options = {
	    .dane_and_sts = settings->policy.dane_and_sts == POLICY_PREFERS_STS
				? TLS_LEVEL_SECURE
				: TLS_LEVEL_DANE_ONLY,
	};

	return options;
}

const char *
settings_answers(const struct settings *settings)
{
	const char *answers = settings->policy.answers;

	if (strcmp(answers, "none") == 0)
		return NULL;
	return strncmp(answers, "unix:", 5) == 0 ? answers + 5 : answers;
}
