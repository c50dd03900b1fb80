/* A field as message.h keeps it, in both canonical forms, against the
 * byte-by-byte reference; then chosen by name from a whole header. */
#include <assert.h>

#include "base/arena.h"
#include "mailauth/dkim_canon.h"
#include "t/unit/dkim_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_field(struct arena *arena, const struct header_field *field)
{
	struct text name = field->name, value = field->value;

	assert(text_equal(dkim_canon_field(arena, DKIM_SIMPLE, name, value),
			  reference_field(arena, false, name, value)));
	assert(text_equal(dkim_canon_field(arena, DKIM_RELAXED, name, value),
			  reference_field(arena, true, name, value)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text raw = text_of((const char *)data, size), names[3];
	struct arena *arena = arena_new();
	unsigned char result[CRYPTO_HASH_BYTES_MAX];
	const struct header_field *field;
	struct dkim_header *header;
	struct message message;
	struct digest *digest;

	message_init(&message, arena);
	message_parse(&message, text_first(raw, 65536));
	for (field = message.top; field != NULL; field = field->below)
		check_field(arena, field);
	if (message.top != NULL) {
		names[0] = names[2] = message.top->name;
		names[1] = TEXT("subject");
		header = dkim_header_new(arena, &message);
		digest = digest_new(arena, CRYPTO_SHA256);
		dkim_header_hash(header, digest, DKIM_RELAXED, names, 3,
				 message.bottom,
				 text_first(message.bottom->value, 1));
		digest_finish(digest, result);
	}
	arena_free(arena);
	return 0;
}
