#include "config.h"

#include "dmarc-reporter/make.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/gzip.h"
#include "base/limits.h"
#include "base/why.h"
#include "dmarc-reporter/rows.h"
#include "io/pg.h"
#include "mailauth/dmarc_report_check.h"
#include "reporter/reporter.h"

struct making {
	struct dmarc_report *writer;
	struct arena *row; /* reset with each */
	struct made *made;
	uint64_t evaluations; /* that the database sent */
	struct dmarc_report_totals written;
	struct arena *arena;
};

/* Counts what passes. */
static bool
count_bytes(void *handle, struct text bytes, struct why *why)
{
	*(uint64_t *)handle += bytes.len;
	return true;
}

static bool
take_row(void *handle, const struct pg_rows *rows, struct why *why)
{
	struct making *making = handle;
	struct dmarc_report_record record;
	struct why fault;

	arena_reset(making->row);
	rows_record(making->row, rows, &record);
	making->evaluations += record.count;
	if (dmarc_report_add(making->writer, &record, &fault)) {
		making->written.records++;
		making->written.messages += record.count;
		return true;
	}
	making->made->left_out += record.count;
	if (making->made->left_out_why == NULL)
		making->made->left_out_why =
		    arena_printf(making->arena, "%s", fault.text);
	return true;
}

static enum pg_status
take_rows(struct reporter *reporter, struct making *making,
	  const struct report *report, struct why *why)
{
	const char *begin =
	    arena_printf(making->arena, "%lld", (long long)report->begin);
	const char *end =
	    arena_printf(making->arena, "%lld", (long long)report->end);
	struct pg_param params[4] = {
	    pg_text(report->policy_domain.name), pg_string(begin),
	    pg_string(end),
	    pg_string(text_string(making->arena, report->policy))};

	return pg_stream(reporter->pg,
			 "select " ROWS_COLUMNS
			 " from signet.dmarc_report_rows($1, "
			 "to_timestamp($2::bigint), to_timestamp($3::bigint), "
			 "$4)",
			 params, 4, take_row, making, why);
}

static struct dmarc_report_metadata
metadata_of(const struct reporter *reporter, const struct report *report)
{
	const struct config_reports *reports = reporter->reports;

	return (struct dmarc_report_metadata){
	    .org_name = text_from(reporter_organization(reporter)),
	    .email = text_from(reports->contact),
	    .extra_contact_info = text_from(reports->contact_info),
	    .report_id = report->report_id,
	    .begin = report->begin,
	    .end = report->end - 1,
	    .generator = TEXT("signet " PACKAGE_VERSION)};
}

/* XML to the compressor, the check, the counter and whoever wants it. */
struct way {
	struct sink_pair pairs[3];
	struct gzip *gzip;
	struct dmarc_report_check *check;
	struct buf file;
};

static struct sink
open_way(struct way *way, struct arena *arena, const struct report *report,
	 struct made *made, struct sink also)
{
	struct sink counter = {count_bytes, &made->bytes};

	buf_init(&way->file, arena, LIMIT_DMARC_REPORT_OUT_BYTES);
	way->gzip = gzip_new(arena, sink_to_buf(&way->file));
	way->check = dmarc_report_check_new(arena, report->dialect);
	way->pairs[0] = (struct sink_pair){gzip_sink(way->gzip), counter};
	way->pairs[1] = (struct sink_pair){sink_to_pair(&way->pairs[0]),
					   dmarc_report_check_sink(way->check)};
	if (also.put == NULL)
		return sink_to_pair(&way->pairs[1]);
	way->pairs[2] = (struct sink_pair){sink_to_pair(&way->pairs[1]), also};
	return sink_to_pair(&way->pairs[2]);
}

/* Totals of the writer, of the check and of the database agree. */
static bool
close_way(struct way *way, struct making *making, struct why *why)
{
	struct made *made = making->made;

	struct dmarc_report_totals totals;

	if (!dmarc_report_end(making->writer, &totals, why) ||
	    !gzip_finish(way->gzip, why) ||
	    !dmarc_report_check_end(way->check, &making->written, why))
		return false;
	made->counted = totals.messages;
	made->records = totals.records;
	if (made->counted + made->left_out != making->evaluations)
		return why_set(why,
			       "the report counts %llu messages, the database "
			       "%llu",
			       (unsigned long long)made->counted,
			       (unsigned long long)making->evaluations);
	made->gzip = buf_view(&way->file);
	return buf_ok(&way->file) ||
	       why_set(why, "the compressed report is above %u bytes",
		       LIMIT_DMARC_REPORT_OUT_BYTES);
}

static enum make_result
fill(struct reporter *reporter, struct making *making, struct way *way,
     const struct report *report, struct why *why)
{
	switch (take_rows(reporter, making, report, why)) {
	case PG_DONE:
		break;
	case PG_REFUSED:
	case PG_AWAY:
	case PG_NOT_ASKED:
		return MAKE_AWAY;
	}
	if (making->written.records == 0) {
		why_set(why, "%s",
			making->made->left_out_why != NULL
			    ? making->made->left_out_why
			    : "no evaluation is left");
		return MAKE_EMPTY;
	}
	return close_way(way, making, why) ? MAKE_DONE : MAKE_FAULTY;
}

enum make_result
make_report(struct reporter *reporter, struct arena *arena,
	    const struct report *report, struct sink also, struct made *made,
	    struct why *why)
{
	struct dmarc_report_metadata metadata = metadata_of(reporter, report);
	struct making making = {.made = made, .arena = arena};
	struct way *way = arena_new_value(arena, struct way);
	enum make_result result = MAKE_FAULTY;

	*made = (struct made){0};
	made->file_name = text_string(
	    arena,
	    dmarc_report_filename(arena, report->submitter,
				  report->policy_domain.name, report->begin,
				  report->end - 1, report->report_id, true));
	making.writer = dmarc_report_begin(
	    arena, report->dialect, &metadata, &report->published,
	    open_way(way, arena, report, made, also), why);
	if (making.writer == NULL)
		return MAKE_FAULTY;
	making.row = arena_new();
	result = fill(reporter, &making, way, report, why);
	arena_free(making.row);
	return result;
}
