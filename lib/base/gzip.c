#include "base/gzip.h"

#include <assert.h>
#include <limits.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/why.h"
#include "base/xalloc.h"

#define OUT_BYTES 16384
#define OS_UNKNOWN 255

struct gzip {
	struct sink to;
	z_stream stream;
	gz_header header;
	bool finished;
	unsigned char out[OUT_BYTES];
};

static void
release(void *handle)
{
	struct gzip *gzip = handle;

	deflateEnd(&gzip->stream);
}

struct gzip *
gzip_new(struct arena *arena, struct sink to)
{
	struct gzip *gzip = arena_new_value(arena, struct gzip);

	gzip->to = to;
	/* 16 asks for gzip framing; it fails only when memory has run out */
	xalloc_check(deflateInit2(&gzip->stream, Z_DEFAULT_COMPRESSION,
				  Z_DEFLATED, 15 + 16, 8,
				  Z_DEFAULT_STRATEGY) == Z_OK);
	arena_defer(arena, release, gzip);
	gzip->header.os = OS_UNKNOWN;
	deflateSetHeader(&gzip->stream, &gzip->header);
	return gzip;
}

/* Compresses what the stream was given and passes on what comes out. */
static bool
deflate_all(struct gzip *gzip, int flush, struct why *why)
{
	do {
		gzip->stream.next_out = gzip->out;
		gzip->stream.avail_out = OUT_BYTES;
		deflate(&gzip->stream, flush);
		if (!sink_put(gzip->to,
			      text_of((const char *)gzip->out,
				      OUT_BYTES - gzip->stream.avail_out),
			      why))
			return false;
	} while (gzip->stream.avail_out == 0);
	return true;
}

bool
gzip_put(struct gzip *gzip, struct text bytes, struct why *why)
{
	assert(!gzip->finished);
	while (bytes.len > 0) {
		struct text piece = text_first(bytes, INT_MAX);

		/* zlib does not write here */
		gzip->stream.next_in = (unsigned char *)(uintptr_t)piece.at;
		gzip->stream.avail_in = (uInt)piece.len;
		if (!deflate_all(gzip, Z_NO_FLUSH, why))
			return false;
		bytes = text_skip(bytes, piece.len);
	}
	return true;
}

bool
gzip_finish(struct gzip *gzip, struct why *why)
{
	assert(!gzip->finished);
	gzip->finished = true;
	return deflate_all(gzip, Z_FINISH, why);
}

static bool
put(void *handle, struct text bytes, struct why *why)
{
	return gzip_put(handle, bytes, why);
}

struct sink
gzip_sink(struct gzip *gzip)
{
	return (struct sink){put, gzip};
}

bool
gzip_write(struct arena *arena, struct text bytes, struct sink to,
	   struct why *why)
{
	struct gzip *gzip = gzip_new(arena, to);

	return gzip_put(gzip, bytes, why) && gzip_finish(gzip, why);
}
