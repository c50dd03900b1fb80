#include "milter/arc_chain.h"

#include "base/arena.h"
#include "base/limits.h"
#include "mailauth/arc_field.h"
#include "mailauth/auth_results.h"

static const struct auth_method *
find_arc(const struct auth_results *results)
{
	const struct auth_method *method;

	for (method = results->methods; method != NULL; method = method->next)
		if (text_equal_nocase(method->method, TEXT("arc")))
			return method;
	return NULL;
}

/* How many sets there are; false unless each has its three fields once. */
static bool
count_sets(struct arena *arena, const struct message *message, unsigned *sets)
{
	unsigned seen[LIMIT_ARC_SETS + 1][ARC_SEAL + 1] = {{0}}, fields = 0, i;
	const struct header_field *field;
	struct arc_field parsed;

	*sets = 0;
	for (field = message->top; field != NULL; field = field->below) {
		if (arc_kind_of(field) == ARC_NO_FIELD)
			continue;
		if (!arc_field_parse(arena, field, &parsed, NULL))
			return false;
		seen[parsed.instance][parsed.kind]++;
		fields++;
		if (parsed.instance > *sets)
			*sets = parsed.instance;
	}
	for (i = 1; i <= *sets; i++)
		if (seen[i][ARC_AUTHENTICATION_RESULTS] != 1 ||
		    seen[i][ARC_MESSAGE_SIGNATURE] != 1 ||
		    seen[i][ARC_SEAL] != 1)
			return false;
	return fields == 3 * *sets;
}

static enum arc_result
result_of(const struct auth_method *arc, unsigned sets)
{
	if (arc == NULL || text_equal_nocase(arc->result, TEXT("none")))
		return sets == 0 ? ARC_NONE : ARC_NOT_EVALUATED;
	if (text_equal_nocase(arc->result, TEXT("pass")))
		return sets > 0 ? ARC_PASS : ARC_NOT_EVALUATED;
	if (text_equal_nocase(arc->result, TEXT("fail")))
		return sets > 0 ? ARC_FAIL : ARC_NOT_EVALUATED;
	return ARC_NOT_EVALUATED;
}

bool
arc_chain_read(struct arena *arena, const struct message *message,
	       struct text id, struct arc_verdict *verdict,
	       struct text *results)
{
	const struct header_field *field =
	    message_find(message, "Authentication-Results");
	struct auth_results parsed;
	unsigned sets;

	*verdict = (struct arc_verdict){0};
	while (field != NULL &&
	       (!auth_results_parse(arena, field->value, &parsed, NULL) ||
		!text_equal_nocase(parsed.id, id)))
		field = message_find_next(field, "Authentication-Results");
	if (field == NULL || !count_sets(arena, message, &sets))
		return false;
	verdict->result = result_of(find_arc(&parsed), sets);
	verdict->count = sets;
	*results = field->value;
	return verdict->result != ARC_NOT_EVALUATED;
}
