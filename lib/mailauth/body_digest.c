#include "mailauth/body_digest.h"

#include <assert.h>

#include "base/arena.h"
#include "base/limits.h"
#include "mailauth/line_limit.h"

/* Relaxed bytes are made in pieces of this size, which stay in the nearest
 * cache until they are hashed. */
#define PIECE_BYTES 4096

struct canon_stream;

struct wanted_digest {
	const struct canon_stream *stream;
	enum crypto_hash hash;
	uint64_t length, left;
	struct digest *digest;
	unsigned char result[CRYPTO_HASH_BYTES_MAX];
	unsigned number;
	struct wanted_digest *next;
};

/* One canonical form on its way: bytes come in as they arrive, canonical
 * bytes go out to all digests that want this form. */
struct canon_stream {
	enum dkim_canon canon;
	struct wanted_digest *wanted;
	bool space;	/* relaxed: white space is owed */
	bool cr;	/* a CR whose next byte has not come */
	uint64_t crlfs; /* line ends that count only if more follows */
	uint64_t bytes; /* canonical bytes so far */
};

struct body_digests {
	struct arena *arena;
	struct canon_stream simple, relaxed;
	struct wanted_digest *all[LIMIT_BODY_DIGESTS];
	unsigned count;
	bool finished;
	bool limited; /* long lines are broken */
	struct line_limit line;
};

struct body_digests *
body_digests_new(struct arena *arena)
{
	struct body_digests *digests =
	    arena_new_value(arena, struct body_digests);

	digests->arena = arena;
	digests->simple.canon = DKIM_SIMPLE;
	digests->relaxed.canon = DKIM_RELAXED;
	return digests;
}

static struct canon_stream *
stream_of(struct body_digests *digests, enum dkim_canon canon)
{
	return canon == DKIM_SIMPLE ? &digests->simple : &digests->relaxed;
}

unsigned
body_digests_want(struct body_digests *digests, enum dkim_canon canon,
		  enum crypto_hash hash, uint64_t length)
{
	struct canon_stream *stream = stream_of(digests, canon);
	struct wanted_digest *wanted;

	for (wanted = stream->wanted; wanted != NULL; wanted = wanted->next)
		if (wanted->hash == hash && wanted->length == length)
			return wanted->number;
	assert(digests->count < LIMIT_BODY_DIGESTS);
	wanted = arena_new_value(digests->arena, struct wanted_digest);
	wanted->stream = stream;
	wanted->hash = hash;
	wanted->length = wanted->left = length;
	wanted->digest = digest_new(digests->arena, hash);
	wanted->number = digests->count;
	wanted->next = stream->wanted;
	stream->wanted = wanted;
	digests->all[digests->count++] = wanted;
	return wanted->number;
}

static void
put_bytes(struct canon_stream *stream, const char *at, size_t bytes)
{
	struct wanted_digest *wanted;
	size_t take;

	stream->bytes += bytes;
	for (wanted = stream->wanted; wanted != NULL; wanted = wanted->next) {
		take = wanted->left < bytes ? (size_t)wanted->left : bytes;
		digest_update(wanted->digest, text_of(at, take));
		if (wanted->length != BODY_WHOLE)
			wanted->left -= take;
	}
}

static void
put_crlfs(struct canon_stream *stream)
{
	static const char sixteen[] = "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"
				      "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n";
	uint64_t some;

	for (; stream->crlfs > 0; stream->crlfs -= some) {
		some = stream->crlfs < 16 ? stream->crlfs : 16;
		put_bytes(stream, sixteen, 2 * (size_t)some);
	}
}

/* A run that needs no further change but for empty lines at the end of the
 * body: sections 3.4.3 and 3.4.4 take them off.  It ends in no half CRLF. */
static void
put_run(struct canon_stream *stream, const char *at, const char *end)
{
	const char *last = end;
	uint64_t crlfs = 0;

	while (last - at >= 2 && last[-1] == '\n' && last[-2] == '\r') {
		last -= 2;
		crlfs++;
	}
	if (last > at) {
		put_crlfs(stream);
		put_bytes(stream, at, (size_t)(last - at));
	}
	stream->crlfs += crlfs;
}

static void
put_space(struct canon_stream *stream)
{
	if (stream->space)
		put_run(stream, " ", &" "[1]);
	stream->space = false;
}

/* The byte behind a CR that ended the piece before. */
static struct text
resume_cr(struct canon_stream *stream, struct text chunk)
{
	stream->cr = false;
	if (chunk.at[0] == '\n') {
		stream->space = false;
		stream->crlfs++;
		return text_skip(chunk, 1);
	}
	put_space(stream);
	put_run(stream, "\r", &"\r"[1]);
	return chunk;
}

static void
update_piece(struct canon_stream *stream, struct text piece)
{
	char relaxed[PIECE_BYTES + DKIM_CANON_ROOM], *end;

	if (stream->canon == DKIM_SIMPLE) {
		put_run(stream, piece.at, piece.at + piece.len);
		return;
	}
	end = dkim_canon_relax(relaxed, piece, &stream->space);
	put_run(stream, relaxed, end);
}

static void
update_stream(struct canon_stream *stream, struct text chunk)
{
	size_t most = stream->canon == DKIM_SIMPLE ? SIZE_MAX : PIECE_BYTES;
	struct text piece;

	if (stream->wanted == NULL)
		return;
	while (chunk.len > 0) {
		if (stream->cr)
			chunk = resume_cr(stream, chunk);
		piece = text_first(chunk, most);
		chunk = text_skip(chunk, most);
		if (piece.len > 0 && piece.at[piece.len - 1] == '\r') {
			stream->cr = true;
			piece.len--;
		}
		update_piece(stream, piece);
	}
}

static bool
wants_more(const struct canon_stream *stream)
{
	const struct wanted_digest *wanted;

	for (wanted = stream->wanted; wanted != NULL; wanted = wanted->next)
		if (wanted->left > 0)
			return true;
	return false;
}

static void
update_streams(void *handle, struct text chunk)
{
	struct body_digests *digests = handle;

	update_stream(&digests->simple, chunk);
	update_stream(&digests->relaxed, chunk);
}

void
body_digests_limit_lines(struct body_digests *digests, size_t limit)
{
	digests->limited = true;
	line_limit_init(&digests->line, limit, update_streams, digests);
}

bool
body_digests_update(struct body_digests *digests, struct text chunk)
{
	assert(!digests->finished);
	if (digests->limited)
		line_limit_update(&digests->line, chunk);
	else
		update_streams(digests, chunk);
	return wants_more(&digests->simple) || wants_more(&digests->relaxed);
}

static void
finish_stream(struct canon_stream *stream)
{
	struct wanted_digest *wanted;

	if (stream->wanted == NULL)
		return;
	if (stream->cr) {
		put_space(stream);
		put_run(stream, "\r", &"\r"[1]);
	}
	/* an empty body is CRLF when simple, nothing when relaxed */
	if (stream->bytes > 0 || stream->canon == DKIM_SIMPLE)
		put_bytes(stream, "\r\n", 2);
	for (wanted = stream->wanted; wanted != NULL; wanted = wanted->next)
		digest_finish(wanted->digest, wanted->result);
}

void
body_digests_finish(struct body_digests *digests)
{
	assert(!digests->finished);
	if (digests->limited)
		line_limit_finish(&digests->line);
	digests->finished = true;
	finish_stream(&digests->simple);
	finish_stream(&digests->relaxed);
}

struct text
body_digests_get(const struct body_digests *digests, unsigned number,
		 uint64_t *canonical_bytes)
{
	const struct wanted_digest *wanted;

	assert(digests->finished && number < digests->count);
	wanted = digests->all[number];
	if (canonical_bytes != NULL)
		*canonical_bytes = wanted->stream->bytes;
	return text_of((const char *)wanted->result,
		       crypto_hash_bytes(wanted->hash));
}
