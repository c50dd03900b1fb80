#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "mailtls/tls_event.h"
#include "mailtls/tlsrpt_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_policy(const struct tlsrpt_policy *policy)
{
	const struct tlsrpt_value *value;
	const struct tlsrpt_failure *one;
	size_t count = 0;

	assert(policy->type.len > 0 && policy->domain.len > 0);
	assert(policy->successful + policy->failed == 1);
	for (value = policy->strings; value != NULL; value = value->next)
		assert(utf8_is_valid(value->text) &&
		       ++count <= LIMIT_TLSRPT_EVENT_VALUES);
	for (one = policy->failures, count = 0; one != NULL; one = one->next)
		assert(one->result_type.len > 0 && one->sessions == 1 &&
		       ++count <= LIMIT_TLSRPT_EVENT_VALUES);
	assert(count == policy->failure_count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct tls_event frame = {"018f0000-0000-7000-8000-000000000001", 0,
				  TEXT("h"), "p"};
	struct tls_result result = {.source = TLS_SOURCE_DATAGRAM};
	struct arena *arena = arena_new();
	const struct tlsrpt_policy *policy;
	struct tlsrpt_event event;
	struct buf to;

	if (tlsrpt_event_parse(arena, text, &event, NULL)) {
		assert(event.policies != NULL);
		for (policy = event.policies; policy != NULL;
		     policy = policy->next)
			check_policy(policy);
		result.recipient_domain = event.domain;
		result.tlsrpt_record = event.record;
		result.policies = event.policies;
		buf_init(&to, arena, 4 * LIMIT_EVENT_BYTES);
		tls_result_write(arena, &frame, &result, &to);
		assert(utf8_is_valid(buf_view(&to)));
		assert(!text_has(buf_view(&to), '\n'));
	}
	arena_free(arena);
	return 0;
}
