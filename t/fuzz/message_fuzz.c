#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "mailauth/author.h"
#include "mailauth/message.h"
#include "mailauth/tls_report_mail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_links(const struct message *message)
{
	const struct header_field *field, *above = NULL;
	size_t count = 0;

	for (field = message->top; field != NULL; field = field->below) {
		assert(field->above == above);
		assert(field->position == count++);
		assert(field->name.len > 0);
		above = field;
	}
	assert(message->bottom == above && message->count == count);
	assert(count <= LIMIT_HEADER_FIELDS);
}

/* The header section as its fields tell it. */
static void
read_again(struct arena *arena, const struct message *message)
{
	const struct header_field *field;
	struct message again;

	message_init(&again, arena);
	for (field = message->top; field != NULL; field = field->below) {
		struct header_field *copy =
		    message_add(&again, field->name, field->value);

		/* CRLF may have made the values larger */
		if (copy == NULL)
			return;
		assert(text_equal(copy->value, field->value));
	}
	assert(again.count == message->count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct message message;
	struct author author;
	const struct header_field *field;

	message_init(&message, arena);
	assert(message_parse(&message, text_of((const char *)data, size)) <=
	       size);
	check_links(&message);
	read_again(arena, &message);
	for (field = message.top; field != NULL; field = field->below)
		assert(field_unfolded(arena, field).len <= field->value.len);
	if (tls_report_mail_is(&message))
		assert(message_count(&message, "Content-Type") == 1);
	author_find(arena, &message, &author);
	assert(author.status != AUTHOR_NOT_EVALUATED);
	assert(author.status != AUTHOR_ONE || author.domain_count == 1);
	assert(author.status != AUTHOR_ONE ||
	       message_count(&message, "From") == 1);
	arena_free(arena);
	return 0;
}
