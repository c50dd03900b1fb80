#include "base/buf.h"

#include <stdarg.h>

#include "base/arena.h"

void
buf_init(struct buf *buf, struct arena *arena, size_t ceiling)
{
	memset(buf, 0, sizeof(*buf));
	buf->arena = arena;
	buf->ceiling = ceiling;
}

/* Makes room for `more` bytes and a terminating zero. */
static bool
make_room(struct buf *buf, size_t more)
{
	size_t need, room;

	if (buf->overflow || more > buf->ceiling - buf->len) {
		buf->overflow = true;
		return false;
	}
	need = buf->len + more + 1;
	if (need <= buf->room)
		return true;
	room = buf->room > 0 ? buf->room * 2 : 64;
	if (room < need)
		room = need;
	buf->at = arena_grow_bytes(buf->arena, buf->at, buf->room, room);
	buf->room = room;
	return true;
}

void
buf_char(struct buf *buf, char c)
{
	if (make_room(buf, 1))
		buf->at[buf->len++] = c;
}

void
buf_text(struct buf *buf, struct text text)
{
	if (text.len == 0 || !make_room(buf, text.len))
		return;
	memcpy(buf->at + buf->len, text.at, text.len);
	buf->len += text.len;
}

void
buf_string(struct buf *buf, const char *string)
{
	buf_text(buf, text_from(string));
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0 || !make_room(buf, (size_t)length))
		return;
	va_start(args, format);
	vsnprintf(buf->at + buf->len, (size_t)length + 1, format, args);
	va_end(args);
	buf->len += (size_t)length;
}

bool
buf_ok(const struct buf *buf)
{
	return !buf->overflow;
}

struct text
buf_view(const struct buf *buf)
{
	return text_of(buf->at, buf->len);
}

char *
buf_cstring(struct buf *buf)
{
	bool overflow = buf->overflow;

	buf->overflow = false;
	if (!make_room(buf, 0))
		return arena_printf(buf->arena, "%s", "");
	buf->overflow = overflow;
	buf->at[buf->len] = '\0';
	return buf->at;
}

void
buf_clear(struct buf *buf)
{
	buf->len = 0;
	buf->overflow = false;
}
