#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "judge/html_text.h"
#include "judge/link_host.h"
#include "judge/message_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text message = text_of((const char *)data, size), host;
	struct arena *arena = arena_new();
	struct junk_tokens tokens;
	struct html_text html;
	size_t i;

	message_words(arena, message, NULL, &tokens);
	assert(tokens.count <= LIMIT_JUNK_TOKENS);
	for (i = 0; i < tokens.count; i++) {
		assert(tokens.at[i].word.len > 0 &&
		       tokens.at[i].word.len <= LIMIT_DOMAIN_BYTES + 20);
		assert(utf8_is_valid(tokens.at[i].word));
		assert(i == 0 || tokens.at[i - 1].id < tokens.at[i].id);
	}
	html_text_read(arena, message, &html);
	assert(html.text.len <= 4 * size + 4);
	if (link_host_read(arena, message, &host))
		assert(host.len <= LIMIT_DOMAIN_BYTES);
	arena_free(arena);
	return 0;
}
