/* sink.h - where a stream of bytes goes, piece by piece
 *
 * A writer of something long (XML, gzip) hands its output to a sink, so that
 * its memory does not grow with its output.  Sinks stack: XML into gzip into
 * a file.
 */
#ifndef BASE_SINK_H
#define BASE_SINK_H

#include <stdbool.h>

#include "base/text.h"

struct buf;
struct why;

struct sink {
	/* Takes all of `bytes`, which are borrowed, or fails for good. */
	bool (*put)(void *handle, struct text bytes, struct why *why);
	void *handle;
};

bool sink_put(struct sink sink, struct text bytes, struct why *why);

/* Into a buffer; fails once the buffer's ceiling is met. */
struct sink sink_to_buf(struct buf *buf);

/* To both, first one and then the other; `pair` is kept by the caller. */
struct sink_pair {
	struct sink first, second;
};
struct sink sink_to_pair(struct sink_pair *pair);

#endif
