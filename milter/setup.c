#include "milter/setup.h"

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

static bool
has_listener(struct arena *arena, const struct config_source *source,
	     const char *path, const char *listener, struct why *why)
{
	const char *const *names;
	const char *others = "";
	size_t count = config_names(source, "milter", &names), i;

	for (i = 0; i < count; i++) {
		if (strcmp(names[i], listener) == 0)
			return true;
		others =
		    arena_printf(arena, "%s%s%s", others,
				 i > 0 ? ", " : "; those there are ", names[i]);
	}
	return why_set(why,
		       "%s: there is no section [milter %.60s]; write it, or "
		       "leave -l out for [milter]%.200s",
		       path, listener, others);
}

/* All listeners are read, whichever is served: an error in one is told by
 * all. */
static bool
fill_listeners(struct setup *setup, struct why *why)
{
	struct milter_options *other;
	const char *const *names;
	size_t count = config_names(setup->source, "milter", &names), i;

	for (i = 0; i < count; i++) {
		other = arena_new_value(setup->arena, struct milter_options);
		if (!config_fill(setup->source, milter_options_table, "milter",
				 names[i], other, why))
			return false;
	}
	return config_fill(setup->source, milter_options_table, "milter",
			   setup->listener, &setup->milter, why);
}

static bool
load(struct setup *setup, const char *path, struct why *why)
{
	const char *name = setup->listener;

	path = choose_path(path);
	setup->source = config_read(setup->arena, path, why);
	if (setup->source == NULL ||
	    (name != NULL &&
	     !has_listener(setup->arena, setup->source, path, name, why)))
		return false;
	return config_common_fill(setup->arena, setup->source, &setup->common,
				  why) &&
	       fill_listeners(setup, why) &&
	       config_fill(setup->source, milter_options_table, "trust", NULL,
			   &setup->milter, why) &&
	       config_check(setup->source, config_known_sections, why) &&
	       milter_options_check(setup->source, name, &setup->milter, why);
}

struct setup *
setup_load(const char *path, const char *listener, struct why *why)
{
	struct arena *arena = arena_new();
	struct setup *setup = arena_new_value(arena, struct setup);

	setup->arena = arena;
	setup->listener = listener;
	if (load(setup, path, why)) {
		if (setup->listener == NULL)
			setup->listener = "milter";
		return setup;
	}
	arena_free(arena);
	return NULL;
}

void
setup_free(struct setup *setup)
{
	arena_free(setup->arena);
}

void
setup_resolver_options(const struct setup *setup,
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

struct engine *
setup_engine(struct setup *setup, struct resolver *resolver,
	     struct spool *spool, struct why *why)
{
	uint64_t timeout_s = setup->common.dns_timeout_s;
	struct engine *engine;

	engine =
	    engine_new(setup->arena, &setup->milter, setup->common.hostname,
		       setup->listener, resolver, spool, why);
	if (engine != NULL)
		engine->timeout_s = timeout_s;
	return engine;
}
