/* mime.h - the parts of a message (RFC 2045, RFC 2046)
 *
 * The one file that includes GMime.  For reading what machines send: content
 * comes transfer decoded, in its own charset.  Bounds: LIMIT_MIME_DEPTH,
 * LIMIT_MIME_PARTS and LIMIT_MIME_BYTES for what is handed out (more is left
 * out, and said so), LIMIT_MIME_LINES for what the parser may have to keep
 * (more is an error).
 */
#ifndef BASE_MIME_H
#define BASE_MIME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct arena;
struct why;

/* A part that is no multipart.  A message within the message ("message/...")
 * stands here whole, as bytes that a parser can read again, and is followed by
 * its own parts, which have `inner` set. */
struct mime_part {
	struct text type; /* "application/gzip", lower case */
	struct text name; /* of the file, decoded; may be empty */
	struct text
	    charset; /* as the part names it, lower case; may be empty */
	struct text bytes;
	unsigned depth; /* 1: the message's own content */
	bool inner;	/* of a message within the message */
	struct mime_part *next;
};

struct mime_parts {
	struct mime_part *first;
	size_t count;
	struct text report_type; /* of a multipart/report on top, lower case */
	const char *left_out;	 /* why some are not here, or NULL */
};

/* A message, from its first header field on; a "From " line of mailbox files
 * is skipped.  Line ends may be CRLF or LF.  Parts lie in the arena. */
bool mime_parse(struct arena *arena, struct text message,
		struct mime_parts *parts, struct why *why);

/* The value of a header field, unfolded, as UTF-8: encoded words (RFC 2047)
 * decoded as a forgiving reader does it.  A zero byte ends it. */
struct text mime_decode_words(struct arena *arena, struct text value);

#endif
