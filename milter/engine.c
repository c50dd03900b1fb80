#include "milter/engine.h"

#include "base/arena.h"
#include "base/publicsuffix.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/key_cache.h"
#include "io/random.h"
#include "milter/failure_limit.h"
#include "milter/user_lists.h"

static void
parse_domains(struct arena *arena, const struct config_strings *from,
	      struct domains *to)
{
	size_t i;

	to->values = arena_new_array(arena, struct domain, from->count);
	for (i = 0; i < from->count; i++)
		if (domain_parse(arena, text_from(from->values[i]),
				 &to->values[to->count], NULL))
			to->count++;
}

static struct text
normal_id(struct arena *arena, const char *id)
{
	struct domain domain;

	if (domain_parse(arena, text_from(id), &domain, NULL))
		return domain.name;
	return text_lower(arena, text_from(id));
}

static void
collect_ids(struct engine *engine)
{
	const struct config_strings *more = &engine->options->own_ids;
	size_t i;

	engine->own_ids =
	    arena_new_array(engine->arena, struct text, more->count + 2);
	engine->own_ids[engine->own_id_count++] = engine->authserv_id;
	engine->own_ids[engine->own_id_count++] =
	    normal_id(engine->arena, engine->host);
	for (i = 0; i < more->count; i++)
		engine->own_ids[engine->own_id_count++] =
		    normal_id(engine->arena, more->values[i]);
}

struct engine *
engine_new(struct arena *arena, const struct milter_options *options,
	   const char *host, const char *listener, struct resolver *resolver,
	   struct spool *spool, struct why *why)
{
	struct engine *engine = arena_new_value(arena, struct engine);

	engine->arena = arena;
	engine->options = options;
	engine->host = host;
	engine->listener = listener;
	engine->resolver = resolver;
	engine->spool = spool;
	engine->references = 1;
	engine->authserv_id = normal_id(
	    arena, options->authserv_id != NULL ? options->authserv_id : host);
	collect_ids(engine);
	parse_domains(arena, &options->arc_sealers, &engine->arc_sealers);
	parse_domains(arena, &options->lists, &engine->lists);
	parse_domains(arena, &options->forwarders, &engine->forwarders);
	parse_domains(arena, &options->local_policy, &engine->local_policy);
	parse_domains(arena, &options->dnsbl, &engine->dnsbl);
	if (!random_fill(engine->redact_key, sizeof(engine->redact_key)) &&
	    options->failure_reports) {
		arena_free(arena);
		why_set(why, "the system gives no random numbers");
		return NULL;
	}
	if (options->failure_reports)
		engine->failures = failure_limit_new();
	if (options->dmarc_discovery != DISCOVER_WALK) {
		engine->suffixes =
		    public_suffix_list_open(options->public_suffix_list, why);
		if (engine->suffixes == NULL) {
			failure_limit_free(engine->failures);
			arena_free(arena);
			return NULL;
		}
	}
	engine->user_lists = user_lists_open(options->lists_file);
	engine->keys = key_cache_new();
	return engine;
}

struct engine *
engine_hold(struct engine *engine)
{
	__atomic_add_fetch(&engine->references, 1, __ATOMIC_RELAXED);
	return engine;
}

void
engine_release(struct engine *engine)
{
	if (__atomic_sub_fetch(&engine->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	if (engine->suffixes != NULL)
		public_suffix_list_close(engine->suffixes);
	user_lists_close(engine->user_lists);
	failure_limit_free(engine->failures);
	key_cache_free(engine->keys);
	arena_free(engine->arena);
}

struct text
engine_redact_key(const struct engine *engine)
{
	return text_of((const char *)engine->redact_key,
		       sizeof(engine->redact_key));
}

int64_t
engine_now_s(const struct engine *engine)
{
	return engine->fixed_now_s != 0 ? engine->fixed_now_s
					: clock_unix_ms() / 1000;
}

bool
networks_have(const struct config_networks *networks,
	      const struct ipaddr *address)
{
	size_t i;

	for (i = 0; i < networks->count; i++)
		if (ipnet_contains(&networks->values[i], address))
			return true;
	return false;
}

bool
domains_have(const struct domains *domains, struct domain domain)
{
	size_t i;

	for (i = 0; i < domains->count; i++)
		if (domain_is_within(domain, domains->values[i]))
			return true;
	return false;
}
