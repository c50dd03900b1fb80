#include <assert.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "base/xml.h"
#include "mailauth/dmarc_report_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	unsigned depth;
	uint64_t elements;
};

static const struct xml_bounds bounds = {
    .bytes = 1 << 20,
    .elements = 1000,
    .depth = 20,
    .attributes = 20,
    .names = 500,
    .token_bytes = 10000,
    .errors = 100,
};

static bool
on_start(void *handle, struct text name, struct text ns, struct why *why)
{
	struct seen *seen = handle;

	assert(++seen->depth <= bounds.depth);
	assert(++seen->elements <= bounds.elements);
	assert(utf8_is_valid(name));
	return true;
}

static void
on_text(void *handle, struct text text)
{
	assert(utf8_is_valid(text));
}

static bool
on_end(void *handle, struct text name, struct why *why)
{
	struct seen *seen = handle;

	assert(seen->depth-- > 0);
	return true;
}

static const struct xml_events events = {on_start, on_text, on_end, NULL};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct text text = text_of((const char *)data, size);
	struct dmarc_report_totals totals = {0};
	struct seen seen = {0};
	struct xml_reader *reader =
	    xml_reader_new(arena, &bounds, &events, &seen);
	bool complete;

	if (xml_reader_put(reader, text, NULL) &&
	    xml_reader_finish(reader, &complete, NULL))
		assert(seen.elements > 0 && (!complete || seen.depth == 0));
	dmarc_report_is_good(arena, DMARC_REPORT_RFC9990, text, &totals, NULL);
	arena_free(arena);
	return 0;
}
