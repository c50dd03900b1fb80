#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "mailauth/sendmail_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What has its last form keeps it. */
static void
stays(struct arena *arena, const struct message *message)
{
	const struct header_field *field = message->top;

	for (; field != NULL; field = field->below) {
		struct text value = text_trim(field->value), again;

		value = sendmail_addresses(arena, field->name, value);
		again = sendmail_addresses(arena, field->name, value);
		assert(text_equal(value, again));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct message message;
	struct sendmail_form form;

	message_init(&message, arena);
	message_parse(&message, text_of((const char *)data, size));
	sendmail_form(arena, &message, TEXT("date"), TEXT("<id>"), &form);
	assert(form.count <= message.count + 2);
	stays(arena, &message);
	arena_free(arena);
	return 0;
}
