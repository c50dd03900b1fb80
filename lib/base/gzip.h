/* gzip.h - gzip files (RFC 1952), written as a stream
 *
 * The one file that includes zlib.  The same input in any pieces gives the
 * same bytes: no time, no name, operating system "unknown".  Memory is
 * constant, about 300 KiB until the arena ends.
 */
#ifndef BASE_GZIP_H
#define BASE_GZIP_H

#include "base/sink.h"

struct arena;
struct gzip;

struct gzip *gzip_new(struct arena *arena, struct sink to);
bool gzip_put(struct gzip *gzip, struct text bytes, struct why *why);
/* Writes what is left and the trailer; nothing can be put after it. */
bool gzip_finish(struct gzip *gzip, struct why *why);
/* gzip_put as a sink. */
struct sink gzip_sink(struct gzip *gzip);

/* All in one go. */
bool gzip_write(struct arena *arena, struct text bytes, struct sink to,
		struct why *why);

#endif
