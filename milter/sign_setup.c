#include "milter/sign_setup.h"

#include <errno.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/why.h"

#define DEFAULT_PATH SIGNET_SYSCONFDIR "/signet.conf"

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

/* All listeners are read, whichever is served: an error in one is told by
 * all. */
static bool
fill_listeners(struct sign_setup *setup, const char *path, struct why *why)
{
	bool found = setup->listener == NULL;
	struct sign_options *other;
	const char *const *names;
	size_t count = config_names(setup->source, "sign", &names), i;

	for (i = 0; i < count; i++) {
		other = arena_new_value(setup->arena, struct sign_options);
		if (!config_fill(setup->source, sign_options_table, "sign",
				 names[i], other, why) ||
		    !sign_options_check(setup->source, names[i], other, why))
			return false;
		found = found || strcmp(names[i], setup->listener) == 0;
	}
	if (!found)
		return why_set(why,
			       "%s: there is no section [sign %.60s]; write "
			       "it, or leave -l out for [sign]",
			       path, setup->listener);
	return config_fill(setup->source, sign_options_table, "sign",
			   setup->listener, &setup->sign, why) &&
	       sign_options_check(setup->source, setup->listener, &setup->sign,
				  why);
}

static bool
load(struct sign_setup *setup, const char *path, struct why *why)
{
	path = choose_path(path);
	setup->source = config_read(setup->arena, path, why);
	return setup->source != NULL &&
	       config_common_fill(setup->arena, setup->source, &setup->common,
				  why) &&
	       config_keys_fill(setup->arena, setup->source, &setup->keys,
				why) &&
	       fill_listeners(setup, path, why) &&
	       config_check(setup->source, config_known_sections, why);
}

struct sign_setup *
sign_setup_load(const char *path, const char *listener, struct why *why)
{
	struct arena *arena = arena_new();
	struct sign_setup *setup = arena_new_value(arena, struct sign_setup);

	setup->arena = arena;
	setup->listener = listener;
	if (load(setup, path, why)) {
		if (setup->listener == NULL)
			setup->listener = "sign";
		return setup;
	}
	arena_free(arena);
	return NULL;
}

void
sign_setup_free(struct sign_setup *setup)
{
	arena_free(setup->arena);
}

void
sign_setup_resolver(const struct sign_setup *setup,
		    struct resolver_options *options)
{
	const struct config_common *common = &setup->common;

	memset(options, 0, sizeof(*options));
	options->forward = common->forward.values;
	options->forward_count = common->forward.count;
	options->cache_entries = common->cache_entries;
	options->root_key = common->root_key != NULL
				? common->root_key
				: resolver_default_root_key();
	if (common->root_key != NULL && strcmp(common->root_key, "none") == 0)
		options->root_key = NULL;
}

struct sender_source_options
sign_setup_senders(const struct sign_setup *setup)
{
	return (struct sender_source_options){
	    .conninfo = setup->common.conninfo,
	    .snapshot = setup->sign.sender_snapshot,
	    .refresh_s = setup->sign.sender_refresh_s,
	};
}

struct sign_engine *
sign_setup_engine(struct sign_setup *setup, struct sender_source *source,
		  struct spool *spool, struct why *why)
{
	struct sign_engine_parts parts = {
	    .key_directory = setup->keys.directory,
	    .host = setup->common.hostname,
	    .listener = setup->listener,
	    .source = source,
	    .spool = spool,
	};

	return sign_engine_new(setup->arena, &setup->sign, &parts, why);
}
