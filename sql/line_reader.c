#include "sql/line_reader.h"

#include <errno.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/why.h"
#include "base/xalloc.h"

/* room for the longest line and its end */
#define ROOM ((size_t)LIMIT_EVENT_BYTES + 1)

void
line_reader_init(struct line_reader *reader, int fd)
{
	*reader = (struct line_reader){.fd = fd};
	reader->bytes = xrealloc(NULL, 1, ROOM);
}

void
line_reader_free(struct line_reader *reader)
{
	free(reader->bytes);
	reader->bytes = NULL;
}

/* Reads more behind what is there.  False: an error. */
static bool
fill(struct line_reader *reader, struct why *why)
{
	ssize_t n;

	memmove(reader->bytes, reader->bytes + reader->start,
		reader->end - reader->start);
	reader->end -= reader->start;
	reader->start = 0;
	do
		n = read(reader->fd, reader->bytes + reader->end,
			 ROOM - reader->end);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return why_set(why, "cannot read: %s", strerror(errno));
	reader->at_end = n == 0;
	reader->end += (size_t)n;
	return true;
}

static struct text
unread(const struct line_reader *reader)
{
	return text_of(reader->bytes + reader->start,
		       reader->end - reader->start);
}

/* Drops the rest of a line that is too long; its beginning is given out. */
static enum line_kind
skip_long(struct line_reader *reader, struct text *text, struct why *why)
{
	size_t at;

	*text = text_of("", 0);
	do {
		reader->start = reader->end;
		if (!fill(reader, why))
			return LINE_ERROR;
		at = text_find(unread(reader), '\n');
	} while (reader->end > 0 && at == reader->end);
	reader->start = at < reader->end ? at + 1 : reader->end;
	return LINE_TOO_LONG;
}

enum line_kind
line_reader_next(struct line_reader *reader, struct text *text, struct why *why)
{
	struct text rest;
	size_t at;

	for (;;) {
		rest = unread(reader);
		at = text_find(rest, '\n');
		if (at < rest.len)
			break;
		if (rest.len == ROOM) {
			reader->number++;
			return skip_long(reader, text, why);
		}
		if (reader->at_end) {
			*text = rest;
			reader->start = reader->end;
			reader->number += rest.len > 0;
			return rest.len > 0 ? LINE_NO_END : LINE_END;
		}
		if (!fill(reader, why))
			return LINE_ERROR;
	}
	*text = text_first(rest, at);
	reader->start += at + 1;
	reader->number++;
	return LINE_WHOLE;
}
