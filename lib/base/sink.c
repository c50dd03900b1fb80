#include "base/sink.h"

#include "base/buf.h"
#include "base/why.h"

bool
sink_put(struct sink sink, struct text bytes, struct why *why)
{
	return sink.put(sink.handle, bytes, why);
}

static bool
put_buf(void *handle, struct text bytes, struct why *why)
{
	struct buf *buf = handle;

	buf_text(buf, bytes);
	return buf_ok(buf) ||
	       why_set(why, "more than %zu bytes were written", buf->ceiling);
}

struct sink
sink_to_buf(struct buf *buf)
{
	return (struct sink){put_buf, buf};
}

static bool
put_pair(void *handle, struct text bytes, struct why *why)
{
	struct sink_pair *pair = handle;

	return sink_put(pair->first, bytes, why) &&
	       sink_put(pair->second, bytes, why);
}

struct sink
sink_to_pair(struct sink_pair *pair)
{
	return (struct sink){put_pair, pair};
}
