/* line_limit.h - lines as the mail server will send them
 *
 * SMTP has lines of 998 bytes at most (RFC 5322 section 2.1.1).  Postfix
 * takes longer ones and breaks them when it sends them on: after
 * smtp_line_length_limit bytes come CRLF and a space, which counts for the
 * next line.  A signature must be made over what is sent (RFC 6376 section
 * 5.3).
 */
#ifndef MAILAUTH_LINE_LIMIT_H
#define MAILAUTH_LINE_LIMIT_H

#include <stdbool.h>

#include "mailauth/message.h"

struct arena;

#define LINE_LIMIT_SMTP 998

/* Bytes on their way: they come in cut anywhere and go to `put` in long
 * pieces. */
struct line_limit {
	size_t limit, room;
	bool cr; /* held back: its LF may follow */
	void (*put)(void *to, struct text piece);
	void *to;
};

/* `limit` is 2 at least. */
void line_limit_init(struct line_limit *line, size_t limit,
		     void (*put)(void *to, struct text piece), void *to);
void line_limit_update(struct line_limit *line, struct text chunk);
/* Once, at the end. */
void line_limit_finish(struct line_limit *line);

/* The header section with its long lines broken; the message itself if it
 * has none.  The name and its colon count.  A copy shares nothing that
 * changes; `truncated` tells if it went beyond the limits of a header. */
const struct message *line_limit_message(struct arena *arena,
					 const struct message *message,
					 size_t limit);

#endif
