/* line_reader.h - lines of a spool file, of whatever size it is
 *
 * Memory is bounded: a line longer than LIMIT_EVENT_BYTES is not given out;
 * it is counted and skipped.
 */
#ifndef SQL_LINE_READER_H
#define SQL_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct why;

enum line_kind {
	LINE_NONE,
	LINE_WHOLE,
	LINE_TOO_LONG, /* `text` is empty */
	LINE_NO_END,   /* the last one, without its '\n' */
	LINE_END,      /* no more lines */
	LINE_ERROR
};

struct line_reader {
	int fd;
	char *bytes;
	size_t start, end;
	size_t number; /* of the line given out last, from 1 */
	bool at_end;
};

/* Reads from the current position of `fd`, which stays the caller's. */
void line_reader_init(struct line_reader *reader, int fd);
void line_reader_free(struct line_reader *reader);

/* The next line without its '\n'; the text is valid until the next call. */
enum line_kind line_reader_next(struct line_reader *reader, struct text *text,
				struct why *why);

#endif
