#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "mailauth/dkim_signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_parsed(struct arena *arena, const struct header_field *field,
	     const struct dkim_signature *signature, bool is_seal)
{
	struct text whole = signature->b_whole, emptied;

	assert(domain_is_set(signature->domain));
	assert(signature->selector.len > 0);
	assert(signature->signature.len <= LIMIT_SIGNATURE_BYTES);
	assert(signature->name_count <= LIMIT_DKIM_HEADER_NAMES);
	assert(is_seal == (signature->name_count == 0));
	assert(whole.at >= field->value.at &&
	       whole.at + whole.len <= field->value.at + field->value.len);
	emptied = dkim_canon_own_field(arena, DKIM_SIMPLE, field, whole);
	assert(emptied.len ==
	       field->name.len + 1 + field->value.len - whole.len);
	assert(dkim_signature_key_name(arena, signature).len > 12);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct header_field field = {.name = TEXT("DKIM-Signature"),
				     .value =
					 text_of((const char *)data, size)};
	struct arena *arena = arena_new();
	struct dkim_signature signature;
	struct domain peeked;

	peeked = dkim_signature_peek_domain(arena, &field);
	if (dkim_signature_parse(arena, DKIM_SIGNATURE, &field, &signature,
				 NULL)) {
		check_parsed(arena, &field, &signature, false);
		assert(domain_equal(peeked, signature.domain));
		assert(domain_is_within(signature.identity_domain,
					signature.domain));
		assert(text_has(signature.identity, '@'));
	}
	if (dkim_signature_parse(arena, DKIM_ARC_MESSAGE_SIGNATURE, &field,
				 &signature, NULL))
		check_parsed(arena, &field, &signature, false);
	if (dkim_signature_parse(arena, DKIM_ARC_SEAL, &field, &signature,
				 NULL))
		check_parsed(arena, &field, &signature, true);
	arena_free(arena);
	return 0;
}
