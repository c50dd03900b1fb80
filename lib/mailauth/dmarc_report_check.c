#include "mailauth/dmarc_report_check.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/why.h"
#include "base/xml.h"

#define COUNT_DIGITS 20
#define RECORD_DEPTH 2
#define COUNT_DEPTH 4

/* Our own work: a bound on nesting finds a fault, size has none. */
static const struct xml_bounds bounds = {
    .bytes = UINT64_MAX,
    .elements = UINT64_MAX,
    .depth = 16,
    .attributes = 16,
    .names = 1000,
    .token_bytes = 64 << 10,
};

struct dmarc_report_check {
	struct xml_reader *xml;
	struct dmarc_report_totals totals;
	unsigned depth;
	bool in_count;
	size_t digits;
	char count[COUNT_DIGITS];
};

static bool
on_start(void *handle, struct text name, struct text ns, struct why *why)
{
	struct dmarc_report_check *check = handle;

	check->depth++;
	if (check->depth == RECORD_DEPTH && text_equal(name, TEXT("record")))
		check->totals.records++;
	check->in_count =
	    check->depth == COUNT_DEPTH && text_equal(name, TEXT("count"));
	check->digits = 0;
	return true;
}

static void
on_text(void *handle, struct text text)
{
	struct dmarc_report_check *check = handle;

	text = text_first(text, COUNT_DIGITS - check->digits);
	if (!check->in_count || text.len == 0)
		return;
	memcpy(check->count + check->digits, text.at, text.len);
	check->digits += text.len;
}

static bool
on_end(void *handle, struct text name, struct why *why)
{
	struct dmarc_report_check *check = handle;
	struct text digits = text_of(check->count, check->digits);
	uint64_t count;

	check->depth--;
	if (!check->in_count)
		return true;
	check->in_count = false;
	if (!text_to_u64(digits, INT64_MAX, &count))
		return why_set(why, "\"" TEXT_FMT "\" is no count",
			       TEXT_ARG(digits));
	check->totals.messages += count;
	return true;
}

static const struct xml_events events = {
    .start = on_start,
    .text = on_text,
    .end = on_end,
};

struct dmarc_report_check *
dmarc_report_check_new(struct arena *arena, enum dmarc_report_dialect dialect)
{
	struct dmarc_report_check *check =
	    arena_new_value(arena, struct dmarc_report_check);

	check->xml = xml_reader_new_strict(
	    arena, &bounds, &events, check,
	    xml_schema_new(arena, dmarc_report_schema(dialect)));
	return check;
}

bool
dmarc_report_check_put(struct dmarc_report_check *check, struct text bytes,
		       struct why *why)
{
	return xml_reader_put(check->xml, bytes, why);
}

static bool
put(void *handle, struct text bytes, struct why *why)
{
	return dmarc_report_check_put(handle, bytes, why);
}

struct sink
dmarc_report_check_sink(struct dmarc_report_check *check)
{
	return (struct sink){put, check};
}

bool
dmarc_report_check_end(struct dmarc_report_check *check,
		       const struct dmarc_report_totals *wanted,
		       struct why *why)
{
	const struct dmarc_report_totals *got = &check->totals;

	if (!xml_reader_finish(check->xml, NULL, why))
		return false;
	if (got->records != wanted->records)
		return why_set(
		    why, "the report has %" PRIu64 " records and not %" PRIu64,
		    got->records, wanted->records);
	if (got->messages != wanted->messages)
		return why_set(why,
			       "the report counts %" PRIu64
			       " messages and not %" PRIu64,
			       got->messages, wanted->messages);
	return true;
}

bool
dmarc_report_is_good(struct arena *arena, enum dmarc_report_dialect dialect,
		     struct text bytes,
		     const struct dmarc_report_totals *wanted, struct why *why)
{
	struct dmarc_report_check *check =
	    dmarc_report_check_new(arena, dialect);

	return dmarc_report_check_put(check, bytes, why) &&
	       dmarc_report_check_end(check, wanted, why);
}
