#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "dovecot-plugin/event_fields.h"
#include "dovecot-plugin/event_read.h"
#include "dovecot-plugin/question.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_event(struct arena *arena, struct text bytes)
{
	const struct text name =
	    TEXT("T-1795330800000001-17-0123456789abcdef0123456789abcdef");
	struct mailbox_event event;

	if (!event_read(arena, name, bytes, &event, NULL))
		return;
	assert(event.user.len > 0 && utf8_is_valid(event.user));
	assert(utf8_is_valid(event.from) && utf8_is_valid(event.to));
	assert(event.kind != EVENT_KIND_NONE);
	assert(event.size >= event.message.len);
}

/* What is asked is what a part of the answer may say again. */
static void
check_question(struct arena *arena, struct text bytes)
{
	struct answer answer = {.verdict = "junk"};
	struct question question;
	struct buf to;

	if (!question_read(arena, bytes, &question, NULL))
		return;
	answer.mailbox = question.mailbox;
	answer_add_header(&answer, question.from);
	buf_init(&to, arena, 8 * EVENT_FIELD_BYTES);
	answer_write(&answer, &to);
	assert(buf_ok(&to) && utf8_is_valid(buf_view(&to)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text bytes = text_of((const char *)data, size);
	struct arena *arena = arena_new();

	check_event(arena, bytes);
	check_question(arena, bytes);
	arena_free(arena);
	return 0;
}
