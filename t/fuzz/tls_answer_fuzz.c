#include <assert.h>

#include "base/arena.h"
#include "mailtls/tls_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = text_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct tls_answer answer;

	if (tls_answer_parse(arena, text, &answer, NULL)) {
		assert(answer.policy != NULL);
		for (const struct tlsrpt_policy *host = answer.hosts;
		     host != NULL; host = host->next)
			assert(host->domain.len > 0 && host->mx_hosts != NULL);
	}
	arena_free(arena);
	return 0;
}
