#include "milter/sign_engine.h"

#include "base/arena.h"
#include "base/why.h"
#include "io/clock.h"

static struct text
normal_id(struct arena *arena, const char *id)
{
	struct domain domain;

	if (domain_parse(arena, text_from(id), &domain, NULL))
		return domain.name;
	return text_lower(arena, text_from(id));
}

static bool
find_arc_key(struct sign_engine *engine, const char *directory, struct why *why)
{
	const struct sign_options *options = engine->options;
	struct signing_key *const *keys;
	size_t count, i;

	if (options->arc_domain == NULL ||
	    !domain_parse(engine->arena, text_from(options->arc_domain),
			  &engine->arc_domain, why))
		return options->arc_domain == NULL;
	count = key_store_find(&engine->keys, engine->arc_domain, &keys);
	for (i = 0; i < count && engine->arc_key == NULL; i++)
		if (options->arc_selector == NULL ||
		    text_equal_nocase(keys[i]->selector,
				      text_from(options->arc_selector)))
			engine->arc_key = keys[i];
	return engine->arc_key != NULL ||
	       why_set(why,
		       "arc_domain: there is no key %s/%s/%s.pem; make one, "
		       "or remove arc_domain",
		       directory, options->arc_domain,
		       options->arc_selector != NULL ? options->arc_selector
						     : "SELECTOR");
}

static bool
load(struct sign_engine *engine, const struct sign_engine_parts *parts,
     struct why *why)
{
	const struct sign_options *options = engine->options;

	if (!key_store_load(engine->arena, parts->key_directory, options,
			    &engine->keys, why) ||
	    !find_arc_key(engine, parts->key_directory, why))
		return false;
	if (options->sender_table == NULL)
		return true;
	engine->senders = sender_book_read(options->sender_table, why);
	return engine->senders != NULL || why_prefix(why, "sender_table");
}

struct sign_engine *
sign_engine_new(struct arena *arena, const struct sign_options *options,
		const struct sign_engine_parts *parts, struct why *why)
{
	struct sign_engine *engine = arena_new_value(arena, struct sign_engine);
	const char *id = options->arc_authserv_id;

	engine->arena = arena;
	engine->options = options;
	engine->host = parts->host;
	engine->listener = parts->listener;
	engine->authserv_id = normal_id(arena, id != NULL ? id : parts->host);
	engine->source = options->sender_database ? parts->source : NULL;
	engine->spool = parts->spool;
	engine->references = 1;
	if (load(engine, parts, why))
		return engine;
	sign_engine_release(engine);
	return NULL;
}

struct sign_engine *
sign_engine_hold(struct sign_engine *engine)
{
	__atomic_add_fetch(&engine->references, 1, __ATOMIC_RELAXED);
	return engine;
}

void
sign_engine_release(struct sign_engine *engine)
{
	if (engine == NULL ||
	    __atomic_sub_fetch(&engine->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	sender_book_release(engine->senders);
	arena_free(engine->arena);
}

int64_t
sign_engine_now_s(const struct sign_engine *engine)
{
	return engine->fixed_now_s != 0 ? engine->fixed_now_s
					: clock_unix_ms() / 1000;
}

bool
sign_engine_asks_senders(const struct sign_engine *engine)
{
	return engine->senders != NULL || engine->source != NULL;
}

struct sender_book *
sign_engine_senders(const struct sign_engine *engine)
{
	if (engine->senders != NULL)
		return sender_book_hold(engine->senders);
	return engine->source != NULL ? sender_source_hold(engine->source)
				      : NULL;
}
