#include "milter/forged.h"

#include "base/arena.h"
#include "base/limits.h"
#include "mailauth/auth_results.h"
#include "milter/engine.h"

static void
add_number(struct forged *forged, struct forged_list *list, struct arena *arena)
{
	unsigned *grown;

	if (forged_count(forged) == LIMIT_FORGED_FIELDS) {
		forged->flood = true;
		return;
	}
	if (list->count == list->room) {
		list->room = list->room > 0 ? list->room * 2 : 8;
		grown = arena_new_array(arena, unsigned, list->room);
		if (list->count > 0)
			memcpy(grown, list->numbers,
			       list->count * sizeof(*grown));
		list->numbers = grown;
	}
	list->numbers[list->count++] = list->seen;
}

static bool
claims_ours(const struct engine *engine, struct text value)
{
	struct arena *scratch;
	bool claims = false;
	size_t i;

	if (engine->options->remove_results == REMOVE_ALL)
		return true;
	scratch = arena_new();
	for (i = 0; i < engine->own_id_count && !claims; i++)
		claims =
		    auth_results_claims(scratch, value, engine->own_ids[i]);
	arena_free(scratch);
	return claims;
}

void
forged_note(struct forged *forged, struct arena *arena,
	    const struct engine *engine, struct text name, struct text value)
{
	/* A space before the colon is obsolete syntax that readers take. */
	name = text_trim(name);
	if (text_equal_nocase(name, TEXT(TAG_FIELD))) {
		forged->tags.seen++;
		add_number(forged, &forged->tags, arena);
	} else if (text_equal_nocase(name, TEXT(RESULTS_FIELD))) {
		forged->results.seen++;
		if (claims_ours(engine, value))
			add_number(forged, &forged->results, arena);
	}
}

void
forged_pass(struct forged *forged, struct text name)
{
	name = text_trim(name);
	forged->tags.seen += text_equal_nocase(name, TEXT(TAG_FIELD));
	forged->results.seen += text_equal_nocase(name, TEXT(RESULTS_FIELD));
}

static void
list_all(struct forged *forged, struct forged_list *list, struct arena *arena)
{
	unsigned seen = list->seen;

	for (list->seen = 1; list->seen <= seen && !forged->flood; list->seen++)
		add_number(forged, list, arena);
	list->seen = seen;
}

void
forged_all(struct forged *forged, struct arena *arena)
{
	unsigned tags = forged->tags.seen, results = forged->results.seen;

	memset(forged, 0, sizeof(*forged));
	forged->tags.seen = tags;
	forged->results.seen = results;
	list_all(forged, &forged->tags, arena);
	list_all(forged, &forged->results, arena);
}

size_t
forged_count(const struct forged *forged)
{
	return forged->results.count + forged->tags.count;
}
