#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailauth/auth_results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_methods(const struct auth_results *results)
{
	const struct auth_method *method;
	const struct auth_property *property;
	unsigned count = 0;

	for (method = results->methods; method != NULL; method = method->next) {
		assert(method->method.len > 0 && method->result.len > 0);
		count++;
		for (property = method->properties; property != NULL;
		     property = property->next)
			assert(property->type.len > 0 &&
			       property->name.len > 0);
	}
	assert(count <= LIMIT_AUTH_RESULTS_METHODS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct text text = text_of((const char *)data, size);
	struct auth_results results;
	struct why why;

	if (auth_results_parse(arena, text, &results, &why)) {
		assert(results.id.len > 0);
		check_methods(&results);
		/* whose field it is by the grammar, it is by the matcher */
		assert(auth_results_claims(arena, text, results.id));
	}
	auth_results_claimed_id(arena, text);
	arena_free(arena);
	return 0;
}
