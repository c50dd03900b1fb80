#include "tlsrpt-collector/collect_settings.h"

#include "base/arena.h"
#include "base/why.h"
#include "io/listen.h"
#include "tlsrpt-collector/receiver.h"

#define OPTION(name, type, otherwise, help)                                    \
	{                                                                      \
		"tls_collect", #name, type,                                    \
		    offsetof(struct collect_settings, name), otherwise, 0, 0,  \
		    NULL, help                                                 \
	}

const struct config_option collect_settings_table[] = {
    OPTION(listen, CONFIG_STRINGS, "unix:" SIGNET_RUNDIR "/tlsrpt.sock",
	   "write unix:/path, or none"),
    OPTION(socket_owner, CONFIG_STRING, NULL,
	   "name the user of the mail server, such as postfix"),
    OPTION(socket_group, CONFIG_STRING, NULL,
	   "name the group of the mail server, such as postfix"),
    OPTION(socket_mode, CONFIG_STRING, "0660",
	   "write an octal mode such as 0660"),
    OPTION(metrics, CONFIG_STRING, NULL,
	   "write unix:/path or inet:port@127.0.0.1"),
    {.section = NULL},
};

static bool
blame(const struct config_source *source, const char *option, const char *word,
      struct why *why)
{
	why_prefix(why, "%s", option);
	return config_blame(source, "tls_collect", NULL, option, word, why);
}

static bool
read_place(const struct collect_settings *settings, const char *where,
	   mode_t mode, struct receiver_place *place, struct why *why)
{
	place->access = (struct datagram_access){{mode, settings->socket_group},
						 settings->socket_owner};
	return listen_parse(where, &place->address, why) &&
	       (listen_path(&place->address) != NULL ||
		why_set(why, "\"%.80s\" is no unix socket; write unix:/path",
			where));
}

static bool
read_places(struct arena *arena, const struct config_source *source,
	    struct collect_settings *settings, struct why *why)
{
	const struct config_strings *listen = &settings->listen;
	mode_t mode;
	size_t i;

	if (!listen_parse_mode(settings->socket_mode, &mode, why))
		return blame(source, "socket_mode", NULL, why);
	if (listen->count == 1 && strcmp(listen->values[0], "none") == 0)
		return true;
	settings->places =
	    arena_new_array(arena, struct receiver_place, listen->count);
	for (i = 0; i < listen->count; i++)
		if (!read_place(settings, listen->values[i], mode,
				&settings->places[i], why))
			return blame(source, "listen", listen->values[i], why);
	settings->place_count = listen->count;
	return true;
}

static bool
check_metrics(const struct config_source *source,
	      const struct collect_settings *settings, struct why *why)
{
	struct listen_address address;

	if (settings->metrics == NULL ||
	    listen_parse(settings->metrics, &address, why))
		return true;
	return blame(source, "metrics", NULL, why);
}

bool
collect_settings_read(struct arena *arena, const char *path,
		      struct collect_settings *settings,
		      struct config_source **source, struct why *why)
{
	*settings = (struct collect_settings){0};
	*source = config_read(arena, path, why);
	return *source != NULL &&
	       config_common_fill(arena, *source, &settings->common, why) &&
	       config_fill(*source, collect_settings_table, "tls_collect", NULL,
			   settings, why) &&
	       maillog_settings_fill(arena, *source, &settings->maillog,
				     why) &&
	       config_check(*source, config_known_sections, why) &&
	       read_places(arena, *source, settings, why) &&
	       check_metrics(*source, settings, why);
}
