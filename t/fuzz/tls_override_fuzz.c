/* What an operator may have typed, one line each: name, level, names of the
 * certificate; and the domain that is asked for. */
#include <assert.h>

#include "base/arena.h"
#include "base/scan.h"
#include "base/why.h"
#include "mailtls/tls_override.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct tls_override override = {.until_s = INT64_MAX};
	const struct tls_override *found;
	struct domain domain;
	struct scan in;
	struct why why;
	size_t i;

	scan_init(&in, text_of((const char *)data, size));
	if (tls_override_name(arena, scan_until(&in, '\n'), &override, &why) &&
	    tls_override_level(scan_until(&in, '\n'), &override, &why) &&
	    tls_override_match(arena, scan_until(&in, '\n'), &override, &why)) {
		assert(domain_is_set(override.domain));
		assert(override.match_count == 0 ||
		       override.level == TLS_LEVEL_SECURE);
		for (i = 0; i < override.match_count; i++)
			assert(override.match[i].len > 0 &&
			       !text_has(override.match[i], ' '));
		if (domain_parse(arena, scan_rest(&in), &domain, NULL)) {
			found = tls_override_find(&override, 1, domain, 0);
			assert(found == NULL || override.is_parent ||
			       domain_equal(domain, override.domain));
			assert(found == NULL || !override.is_parent ||
			       text_ends_nocase(domain.name,
						override.domain.name));
		}
	}
	arena_free(arena);
	return 0;
}
