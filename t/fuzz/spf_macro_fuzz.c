/* The first line is the local part, the rest the macro string. */
#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "mailauth/spf_macro.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CEILING 5000

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = text_of((const char *)data, size);
	struct text local = text_first(input, text_find(input, '\n'));
	struct text string = text_skip(input, local.len + 1), name;
	struct spf_macro_values values = {
	    .sender = local,
	    .local_part = local,
	    .sender_domain = TEXT("a.b.example.com"),
	    .domain = TEXT("example.com"),
	    .address = TEXT("192.0.2.1"),
	    .validated_name = TEXT("unknown"),
	    .version = TEXT("in-addr"),
	    .helo = local,
	    .readable_address = TEXT("192.0.2.1"),
	    .receiver = TEXT("mx.test"),
	    .time = TEXT("1700000000"),
	};
	struct arena *arena = arena_new();
	struct buf buf;

	spf_macro_uses(string, 'p');
	if (spf_macro_check(string, SPF_MACRO_IN_EXPLANATION, NULL)) {
		buf_init(&buf, arena, CEILING);
		spf_macro_expand(string, &values, &buf);
		assert(buf_view(&buf).len <= CEILING);
	}
	if (spf_macro_check_domain_spec(string, NULL)) {
		assert(spf_macro_check(string, SPF_MACRO_IN_EXPLANATION, NULL));
		if (spf_macro_target(arena, string, &values, &name)) {
			assert(name.len <= LIMIT_DOMAIN_BYTES);
			assert(text_is_ascii(name));
		}
	}
	arena_free(arena);
	return 0;
}
