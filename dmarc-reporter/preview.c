#include "dmarc-reporter/preview.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/utf8.h"
#include "base/why.h"
#include "dmarc-reporter/destinations.h"
#include "dmarc-reporter/make.h"
#include "dmarc-reporter/preflight.h"
#include "dmarc-reporter/reporter.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/pg.h"

#define DAY_MS (86400 * (int64_t)1000)

/* before those of the report */
enum column { EVALUATIONS, ENABLED, FATE, REPORT };

struct preview {
	struct reporter *reporter;
	struct arena *arena; /* of one report */
	bool explain;
	int status;
};

static bool
to_stdout(void *handle, struct text bytes, struct why *why)
{
	return fwrite(bytes.at, 1, bytes.len, stdout) == bytes.len ||
	       why_set(why, "cannot write to standard output");
}

static void
print_text(struct preview *preview, const char *name, struct text value)
{
	printf("  %-12s " TEXT_FMT "\n", name,
	       TEXT_ARG(utf8_for_log(preview->arena, value, 1000)));
}

static void
print_destination(struct preview *preview, const struct destination *one)
{
	struct arena *arena = preview->arena;
	const char *state = one->state == DESTINATION_WAITING
				? "would be sent"
				: destination_state_name(one->state);

	print_text(
	    preview, "rua",
	    text_from(arena_printf(
		arena, TEXT_FMT ": %s%s%s%s%s%s", TEXT_ARG(one->uri), state,
		one->consent != NULL ? ", consent " : "",
		one->consent != NULL ? one->consent : "",
		one->consent_name.len > 0 ? " at " : "",
		one->consent_name.len > 0
		    ? text_string(arena, one->consent_name)
		    : "",
		one->reason != NULL ? arena_printf(arena, ": %s", one->reason)
				    : "")));
}

static void
explain_destinations(struct preview *preview, const struct report *report)
{
	struct reporter *reporter = preview->reporter;
	const struct destination *one;
	struct destinations found;

	destinations_find(preview->arena, reporter->resolver,
			  report->policy_domain, REPORT_CONSENT_RUA,
			  reporter_dns_deadline(reporter), &found);
	if (found.record.len > 0)
		print_text(preview, "record", found.record);
	if (found.reason != NULL)
		print_text(preview,
			   found.found == DESTINATIONS_TEMPERROR ? "delayed"
								 : "nobody",
			   text_from(found.reason));
	for (one = found.first; one != NULL; one = one->next)
		print_destination(preview, one);
}

static void
explain_head(struct preview *preview, const struct pg_rows *rows, size_t row,
	     const struct report *report)
{
	char begin[DATE_STRING_BYTES], end[DATE_STRING_BYTES];

	date_write_iso(report->begin * 1000, begin);
	date_write_iso(report->end * 1000, end);
	printf(TEXT_FMT " %.16sZ to %.16sZ\n",
	       TEXT_ARG(report->policy_domain.name), begin, end);
	print_text(preview, "evaluations",
		   pg_rows_text(rows, row, EVALUATIONS));
	print_text(preview, "policy", report->policy);
	print_text(preview, "report-id", report->report_id);
	if (!text_equal(pg_rows_text(rows, row, ENABLED), TEXT("t")))
		print_text(preview, "off",
			   TEXT("reports to this domain are switched off"));
	if (!pg_rows_is_null(rows, row, FATE))
		print_text(preview, "so far", pg_rows_text(rows, row, FATE));
}

static void
fault(struct preview *preview, const struct report *report,
      const struct why *why)
{
	log_error("report=" TEXT_FMT " domain=" TEXT_FMT ": %s",
		  TEXT_ARG(report->report_id),
		  TEXT_ARG(report->policy_domain.name), why->text);
	preview->status = EX_DATAERR;
}

/* False when the database is away. */
static bool
show(struct preview *preview, const struct pg_rows *rows, size_t row)
{
	struct sink to = {preview->explain ? NULL : to_stdout, NULL};
	struct report report;
	struct made made;
	struct why why;

	report_read(rows, row, REPORT, &report);
	if (preview->explain)
		explain_head(preview, rows, row, &report);
	switch (make_report(preview->reporter, preview->arena, &report, to,
			    &made, &why)) {
	case MAKE_DONE:
		if (preview->explain)
			print_text(preview, "file",
				   text_from(arena_printf(
				       preview->arena,
				       "%s, %llu records, %llu messages, %zu "
				       "bytes, valid",
				       made.file_name,
				       (unsigned long long)made.totals.records,
				       (unsigned long long)made.totals.messages,
				       made.gzip.len)));
		break;
	case MAKE_EMPTY:
	case MAKE_FAULTY:
		fault(preview, &report, &why);
		break;
	case MAKE_AWAY:
		fault(preview, &report, &why);
		preview->status = EX_TEMPFAIL;
		return false;
	}
	if (preview->explain)
		explain_destinations(preview, &report);
	return true;
}

static void
explain_ourselves(struct preview *preview)
{
	struct why why;

	preflight_alignment(preview->reporter, preview->arena, &why);
	printf("%s\n\n", why.text);
}

static const char *
yesterday(struct arena *arena)
{
	char day[DATE_STRING_BYTES];

	date_write_iso(clock_unix_ms() - DAY_MS, day);
	return arena_printf(arena, "%.10s", day);
}

static int
show_all(struct preview *preview, struct arena *arena, const char *domain,
	 const char *day)
{
	const struct report_settings *settings = preview->reporter->settings;
	struct pg_param params[4] = {
	    pg_string(day != NULL ? day : yesterday(arena)), pg_string(domain),
	    pg_string(settings->reports.domain),
	    pg_string(report_settings_format(settings))};
	struct pg_rows *rows;
	struct why why;
	size_t row;

	if (pg_call(preview->reporter->pg, arena,
		    "select evaluations, enabled, fate, " REPORT_COLUMNS
		    " from signet.dmarc_report_preview($1, $2, $3, $4)",
		    params, 4, &rows, &why) != PG_DONE) {
		log_error("database: %s", why.text);
		return EX_TEMPFAIL;
	}
	if (pg_rows_count(rows) == 0)
		log_info("there is nothing to report%s%s for %s (UTC)",
			 domain != NULL ? " to " : "",
			 domain != NULL ? domain : "",
			 day != NULL ? day : "yesterday");
	for (row = 0; row < pg_rows_count(rows); row++) {
		arena_reset(preview->arena);
		if (!show(preview, rows, row))
			break;
	}
	return preview->status;
}

int
preview_run(struct reporter *reporter, const char *domain, const char *day,
	    bool explain)
{
	struct preview preview = {.reporter = reporter, .explain = explain};
	struct arena *arena = arena_new();
	struct why why;
	int status = EX_CONFIG;

	preview.arena = arena_new();
	if (!config_reports_can_send(&reporter->settings->reports, &why))
		log_error("%s", why.text);
	else {
		if (explain)
			explain_ourselves(&preview);
		status = show_all(&preview, arena, domain, day);
	}
	arena_free(preview.arena);
	arena_free(arena);
	if (fflush(stdout) != 0)
		return EX_IOERR;
	return status;
}
