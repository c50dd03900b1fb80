#include "postfix-policy/explain_live.h"

#include "base/arena.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/pg.h"
#include "io/resolver_unbound.h"
#include "postfix-policy/override_list.h"
#include "postfix-policy/settings.h"
#include "postfix-policy/sts_cache.h"

#define CALL_MS 10000

struct explain_live {
	const struct settings *settings;
	struct sts_settings sts_settings;
	struct resolver_unbound *unbound;
	struct sts_cache *sts;
	struct pg *pg;
};

static bool
open_resolver(struct explain_live *live,
	      const struct explain_live_options *options, struct why *why)
{
	struct resolver_options resolver;

	settings_resolver(live->settings, &resolver);
	if (options->dns != NULL) {
		resolver.forward = &options->dns;
		resolver.forward_count = 1;
	}
	if (options->root_key != NULL)
		resolver.root_key = strcmp(options->root_key, "none") == 0
					? NULL
					: options->root_key;
	live->unbound = resolver_unbound_open(&resolver, why);
	return live->unbound != NULL;
}

static bool
open_cache(struct explain_live *live, struct why *why)
{
	live->sts_settings = live->settings->sts;
	live->sts_settings.directory = NULL;
	live->sts_settings.share = false;
	live->sts = sts_cache_open(
	    &live->sts_settings, resolver_unbound_resolver(live->unbound), why);
	return live->sts != NULL;
}

struct explain_live *
explain_live_open(const struct settings *settings,
		  const struct explain_live_options *options, struct why *why)
{
	struct explain_live *live = xcalloc(1, sizeof(*live));
	struct pg_options pg = {.conninfo = settings->common.conninfo,
				.program = "signet-policy --explain",
				.call_ms = CALL_MS,
				.pause_most_ms = 1000};

	live->settings = settings;
	if (!options->no_database)
		live->pg = pg_open(&pg);
	if (open_resolver(live, options, why) && open_cache(live, why))
		return live;
	explain_live_close(live);
	return NULL;
}

void
explain_live_close(struct explain_live *live)
{
	if (live == NULL)
		return;
	sts_cache_close(live->sts);
	if (live->unbound != NULL)
		resolver_unbound_close(live->unbound);
	pg_close(live->pg);
	free(live);
}

static void
ask_sts(void *context, struct arena *arena, struct resolver *resolver,
	struct domain domain, struct deadline deadline, struct sts_state *state)
{
	struct explain_live *live = context;

	sts_cache_get(live->sts, arena, resolver, domain, clock_unix_ms(),
		      deadline, state);
}

void
explain_live_look(struct explain_live *live, struct arena *arena,
		  struct text key, struct explained *explained)
{
	const struct settings *settings = live->settings;
	struct override_list overrides = {0};
	struct explain_sources sources = {
	    .resolver = resolver_unbound_resolver(live->unbound),
	    .sts = ask_sts,
	    .context = live,
	    .options = settings_choice(settings),
	    .now_s = clock_unix_ms() / 1000,
	    .deadline =
		clock_deadline_in((int64_t)(settings->common.dns_timeout_s +
					    settings->sts.fetch_s) *
				  1000)};
	struct why why;

	if (live->pg == NULL)
		sources.override_trouble = "the database was not asked";
	else if (!override_list_read(arena, live->pg, &overrides, &why))
		sources.override_trouble = arena_printf(arena, "%s", why.text);
	sources.overrides = overrides.first;
	sources.override_count = overrides.count;
	explain_look(arena, &sources, key, explained);
}

struct resolver *
explain_live_resolver(struct explain_live *live)
{
	return resolver_unbound_resolver(live->unbound);
}

struct pg *
explain_live_database(struct explain_live *live)
{
	return live->pg;
}
