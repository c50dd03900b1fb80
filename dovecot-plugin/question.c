#include "dovecot-plugin/question.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/why.h"
#include "dovecot-plugin/event_fields.h"

bool
question_read(struct arena *arena, struct text bytes, struct question *question,
	      struct why *why)
{
	struct event_fields fields;
	struct text size;

	*question = (struct question){.size = 0};
	if (!event_fields_read(arena, bytes, "signet-deliver", &fields, why))
		return false;
	question->user = event_fields_get(&fields, "user");
	question->mailbox = event_fields_get(&fields, "mailbox");
	question->from = event_fields_get(&fields, "from");
	question->to = event_fields_get(&fields, "to");
	question->orcpt = event_fields_get(&fields, "orcpt");
	question->session = event_fields_get(&fields, "session");
	question->message = fields.message;
	question->size = fields.message.len;
	size = event_fields_get(&fields, "size");
	if (size.at != NULL &&
	    !text_to_u64(size, UINT64_MAX / 2, &question->size))
		return why_set(why, "size= is no number");
	return question->user.len > 0 || why_set(why, "user= is missing");
}

void
answer_add_keyword(struct answer *answer, struct text keyword)
{
	if (answer->keyword_count < ANSWER_LISTS)
		answer->keywords[answer->keyword_count++] = keyword;
}

void
answer_add_header(struct answer *answer, struct text header)
{
	if (answer->header_count < ANSWER_LISTS)
		answer->headers[answer->header_count++] = header;
}

static void
write_value(const char *name, struct text value, struct buf *to)
{
	size_t i;

	buf_printf(to, "%s=", name);
	for (i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.at[i];

		if (c < 0x21 || c == 0x7f || c == '%')
			buf_printf(to, "%%%02X", c);
		else
			buf_char(to, (char)c);
	}
	buf_char(to, '\n');
}

void
answer_write(const struct answer *answer, struct buf *to)
{
	size_t i;

	buf_string(to, "signet-answer 1\n");
	if (answer->mailbox.len > 0)
		write_value("mailbox", answer->mailbox, to);
	for (i = 0; i < answer->keyword_count; i++)
		write_value("keyword", answer->keywords[i], to);
	for (i = 0; i < answer->header_count; i++)
		write_value("header", answer->headers[i], to);
	write_value(
	    "verdict",
	    text_from(answer->verdict != NULL ? answer->verdict : "none"), to);
	if (answer->remove_rejects)
		buf_string(to, "remove_rejects=1\n");
	buf_char(to, '\n');
}
