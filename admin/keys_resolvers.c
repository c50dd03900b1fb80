#include "admin/keys_resolvers.h"

#include "base/arena.h"
#include "io/clock.h"
#include "io/resolver_unbound.h"

/* For a resolver that gave no answer to the question before. */
#define SILENT_WAIT_MS 2000

struct keys_resolvers {
	struct arena *arena;
	const struct config_common *common;
	const struct config_strings *servers;
	struct resolver_unbound **open; /* NULL: not opened yet */
	bool *silent;
};

struct keys_resolvers *
keys_resolvers_new(struct arena *arena, const struct config_common *common,
		   const struct config_strings *servers)
{
	struct keys_resolvers *resolvers =
	    arena_new_value(arena, struct keys_resolvers);

	resolvers->arena = arena;
	resolvers->common = common;
	resolvers->servers = servers;
	resolvers->open = arena_new_array(arena, struct resolver_unbound *,
					  servers->count + 1);
	resolvers->silent = arena_new_array(arena, bool, servers->count + 1);
	return resolvers;
}

void
keys_resolvers_close(struct keys_resolvers *resolvers)
{
	size_t i;

	for (i = 0; i <= resolvers->servers->count; i++)
		if (resolvers->open[i] != NULL)
			resolver_unbound_close(resolvers->open[i]);
}

static struct resolver_options
validating(const struct config_common *common)
{
	struct resolver_options options = {
	    .forward = common->forward.values,
	    .forward_count = common->forward.count,
	    .root_key = common->root_key != NULL ? common->root_key
						 : resolver_default_root_key(),
	};

	if (options.root_key != NULL && strcmp(options.root_key, "none") == 0)
		options.root_key = NULL;
	return options;
}

static bool
open_one(struct keys_resolvers *resolvers, size_t number, struct why *why)
{
	struct resolver_options options = {.forward_count = 1};

	if (number == 0)
		options = validating(resolvers->common);
	else
		options.forward = resolvers->servers->values + number - 1;
	resolvers->open[number] = resolver_unbound_open(&options, why);
	return resolvers->open[number] != NULL;
}

/* An arena of its own: what is still on its way ends with the question. */
struct key_check
keys_resolvers_ask(struct keys_resolvers *resolvers, size_t number,
		   struct domain domain, struct text selector,
		   enum crypto_key_type type, struct text public_bytes)
{
	struct key_check answer = {.found = KEY_FOUND_COULD_NOT_ASK};
	int64_t wait_ms = (int64_t)resolvers->common->dns_timeout_s * 1000;
	struct arena *arena;
	struct resolver *resolver;

	if (resolvers->open[number] == NULL &&
	    !open_one(resolvers, number, &answer.why))
		return answer;
	resolver = resolver_unbound_resolver(resolvers->open[number]);
	if (resolvers->silent[number] && wait_ms > SILENT_WAIT_MS)
		wait_ms = SILENT_WAIT_MS;
	arena = arena_new();
	key_check_wait(arena, key_check_ask(arena, resolver, domain, selector),
		       clock_deadline_in(wait_ms), type, public_bytes, &answer);
	resolvers->silent[number] = answer.found == KEY_FOUND_COULD_NOT_ASK;
	arena_free(arena);
	return answer;
}
