#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mailtls/sts_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct sts_policy policy, again;
	struct buf to;
	size_t i;

	if (sts_policy_parse(arena, text, &policy, NULL)) {
		assert(policy.count <= LIMIT_STS_MX);
		assert(policy.count > 0 || policy.mode == STS_MODE_NONE);
		buf_init(&to, arena, LIMIT_STS_POLICY_BYTES);
		sts_policy_write(&to, &policy);
		assert(buf_ok(&to));
		assert(sts_policy_parse(arena, buf_view(&to), &again, NULL));
		assert(again.mode == policy.mode &&
		       again.max_age_s == policy.max_age_s &&
		       again.count == policy.count);
		for (i = 0; i < policy.count; i++)
			assert(domain_equal(policy.mx[i].domain,
					    again.mx[i].domain));
	}
	arena_free(arena);
	return 0;
}
