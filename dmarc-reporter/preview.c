#include "dmarc-reporter/preview.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/why.h"
#include "dmarc-reporter/destinations.h"
#include "dmarc-reporter/make.h"
#include "dmarc-reporter/report_settings.h"
#include "io/log.h"
#include "io/pg.h"
#include "reporter/preflight.h"
#include "reporter/reporter.h"
#include "reporter/show.h"

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
explain_destinations(struct preview *preview, const struct report *report)
{
	struct reporter *reporter = preview->reporter;
	struct destinations found;

	destinations_find(preview->arena, reporter->resolver,
			  report->policy_domain, REPORT_CONSENT_RUA,
			  reporter_dns_deadline(reporter), &found);
	show_destinations(preview->arena, &found);
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
	show_pair(preview->arena, "evaluations",
		  pg_rows_text(rows, row, EVALUATIONS));
	show_pair(preview->arena, "policy", report->policy);
	show_pair(preview->arena, "report-id", report->report_id);
	if (!text_equal(pg_rows_text(rows, row, ENABLED), TEXT("t")))
		show_pair(preview->arena, "off",
			  TEXT("reports to this domain are switched off"));
	if (!pg_rows_is_null(rows, row, FATE))
		show_pair(preview->arena, "so far",
			  pg_rows_text(rows, row, FATE));
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
			show_pair(preview->arena, "file",
				  text_from(arena_printf(
				      preview->arena,
				      "%s, %llu records, %llu messages, %zu "
				      "bytes, valid",
				      made.file_name,
				      (unsigned long long)made.records,
				      (unsigned long long)made.counted,
				      made.gzip.len)));
		break;
	case MAKE_EMPTY:
	case MAKE_FAULTY:
	case MAKE_LATER:
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

static int
show_all(struct preview *preview, struct arena *arena, const char *domain,
	 const char *day)
{
	const struct report_settings *settings =
	    report_settings_of(preview->reporter);
	struct pg_param params[4] = {
	    pg_string(day != NULL ? day : show_yesterday(arena)),
	    pg_string(domain), pg_string(settings->reports.domain),
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
	if (!config_reports_can_send(reporter->reports, &why))
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
