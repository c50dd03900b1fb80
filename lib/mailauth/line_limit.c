#include "mailauth/line_limit.h"

#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"

void
line_limit_init(struct line_limit *line, size_t limit,
		void (*put)(void *to, struct text piece), void *to)
{
	assert(limit >= 2);
	*line = (struct line_limit){
	    .limit = limit, .room = limit, .put = put, .to = to};
}

/* Where a line begins that could be too long: behind the last line end of
 * the next `room` bytes.  NULL if that line has no end within them. */
static const char *
skip_lines(const char *at, const char *end, size_t room)
{
	size_t left = (size_t)(end - at);
	const char *lf = memrchr(at, '\n', left <= room ? left : room + 1);

	if (lf != NULL)
		return lf + 1;
	if (left >= room + 2 && at[room] == '\r' && at[room + 1] == '\n')
		return at + room + 2;
	return NULL;
}

/* Bytes whose last one is no half of CRLF.  What fits goes on in one piece,
 * however many lines it has. */
static void
put_bytes(struct line_limit *line, struct text bytes)
{
	const char *start = bytes.at, *at = start, *end = start + bytes.len;
	const char *next;

	while (at < end) {
		next = skip_lines(at, end, line->room);
		if (next != NULL) {
			at = next;
			line->room = line->limit;
			continue;
		}
		if ((size_t)(end - at) <= line->room) {
			line->room -= (size_t)(end - at);
			break;
		}
		at += line->room;
		line->put(line->to, text_of(start, (size_t)(at - start)));
		line->put(line->to, TEXT("\r\n "));
		line->room = line->limit - 1;
		start = at;
	}
	if (start < end)
		line->put(line->to, text_of(start, (size_t)(end - start)));
}

/* The CR that ended the chunk before, now that its next byte is there. */
static struct text
resume_cr(struct line_limit *line, struct text chunk)
{
	line->cr = false;
	if (chunk.at[0] != '\n') {
		put_bytes(line, TEXT("\r"));
		return chunk;
	}
	line->put(line->to, TEXT("\r\n"));
	line->room = line->limit;
	return text_skip(chunk, 1);
}

void
line_limit_update(struct line_limit *line, struct text chunk)
{
	if (chunk.len > 0 && line->cr)
		chunk = resume_cr(line, chunk);
	if (chunk.len == 0)
		return;
	if (chunk.at[chunk.len - 1] == '\r') {
		line->cr = true;
		chunk.len--;
	}
	put_bytes(line, chunk);
}

void
line_limit_finish(struct line_limit *line)
{
	if (line->cr)
		put_bytes(line, TEXT("\r"));
	line->cr = false;
}

static bool
has_long_line(const struct header_field *field, size_t limit)
{
	struct text rest = field->value;
	size_t used = field->name.len + 1, end;

	for (;;) {
		end = text_find(rest, '\n');
		if (used + end > limit)
			return true;
		if (end == rest.len)
			return false;
		rest = text_skip(rest, end + 1);
		used = 0;
	}
}

static void
put_in_buf(void *to, struct text piece)
{
	buf_text(to, piece);
}

static void
add_broken(struct message *copy, const struct header_field *field, size_t limit)
{
	struct line_limit line;
	struct buf value;

	buf_init(&value, copy->arena, 2 * LIMIT_HEADER_BYTES);
	line_limit_init(&line, limit, put_in_buf, &value);
	line.room =
	    field->name.len + 1 < limit ? limit - field->name.len - 1 : 0;
	line_limit_update(&line, field->value);
	line_limit_finish(&line);
	message_add(copy, field->name, buf_view(&value));
	copy->truncated |= !buf_ok(&value);
}

const struct message *
line_limit_message(struct arena *arena, const struct message *message,
		   size_t limit)
{
	const struct header_field *field;
	struct message *copy;

	for (field = message->top; field != NULL; field = field->below)
		if (has_long_line(field, limit))
			break;
	if (field == NULL)
		return message;
	copy = arena_new_value(arena, struct message);
	message_init(copy, arena);
	for (field = message->top; field != NULL; field = field->below)
		add_broken(copy, field, limit);
	copy->truncated |= message->truncated;
	return copy;
}
