#include "tlsrpt-collector/tls_preview.h"

#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/why.h"
#include "io/log.h"
#include "reporter/claim.h"
#include "reporter/preflight.h"
#include "reporter/reporter.h"
#include "reporter/show.h"
#include "tlsrpt-collector/rua.h"
#include "tlsrpt-collector/tls_make.h"
#include "tlsrpt-collector/tls_report_settings.h"

#define COLUMNS                                                                \
	"policy_domain, begin_s, end_s, report_id, submitter, results, "       \
	"is_wanted, reason, fate, " TLS_MAKE_COLUMNS
enum column {
	POLICY_DOMAIN,
	BEGIN_S,
	END_S,
	REPORT_ID,
	SUBMITTER,
	RESULTS,
	IS_WANTED,
	REASON,
	FATE,
	OF_KIND
};

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

static struct claim
claim_of(const struct pg_rows *rows, size_t row)
{
	return (struct claim){
	    .policy_domain = {pg_rows_text(rows, row, POLICY_DOMAIN)},
	    .begin = pg_rows_int(rows, row, BEGIN_S),
	    .end = pg_rows_int(rows, row, END_S),
	    .report_id = pg_rows_text(rows, row, REPORT_ID),
	    .submitter = pg_rows_text(rows, row, SUBMITTER),
	    .rows = rows,
	    .row = row,
	    .column = OF_KIND};
}

static void
explain_head(struct preview *preview, const struct claim *claim)
{
	struct arena *arena = preview->arena;
	char begin[DATE_STRING_BYTES], end[DATE_STRING_BYTES];

	date_write_iso(claim->begin * 1000, begin);
	date_write_iso(claim->end * 1000, end);
	printf(TEXT_FMT " %.16sZ to %.16sZ\n",
	       TEXT_ARG(claim->policy_domain.name), begin, end);
	show_pair(arena, "about",
		  text_equal(pg_rows_text(claim->rows, claim->row, OF_KIND),
			     TEXT("host"))
		      ? TEXT("MX host")
		      : TEXT("recipient domain"));
	show_pair(arena, "results",
		  pg_rows_text(claim->rows, claim->row, RESULTS));
	show_pair(arena, "report-id", claim->report_id);
	if (!pg_rows_is_null(claim->rows, claim->row, REASON))
		show_pair(arena, "no report",
			  pg_rows_text(claim->rows, claim->row, REASON));
	if (!pg_rows_is_null(claim->rows, claim->row, FATE))
		show_pair(arena, "so far",
			  pg_rows_text(claim->rows, claim->row, FATE));
}

static void
explain_file(struct preview *preview, const struct made *made)
{
	show_pair(preview->arena, "file",
		  text_from(arena_printf(
		      preview->arena,
		      "%s, %llu policies and failures, %llu sessions, %zu "
		      "bytes, valid",
		      made->file_name, (unsigned long long)made->records,
		      (unsigned long long)made->counted, made->gzip.len)));
	if (made->left_out > 0)
		show_pair(
		    preview->arena, "left out",
		    text_from(arena_printf(preview->arena, "%llu failures: %s",
					   (unsigned long long)made->left_out,
					   made->left_out_why)));
}

static void
explain_destinations(struct preview *preview, const struct claim *claim)
{
	struct reporter *reporter = preview->reporter;
	struct destinations found;

	rua_destinations(preview->arena, reporter->resolver,
			 claim->policy_domain,
			 tls_report_settings_of(reporter)->https,
			 reporter_dns_deadline(reporter), &found);
	show_destinations(preview->arena, &found);
}

static void
fault(struct preview *preview, const struct claim *claim, const struct why *why,
      int status)
{
	log_error("report=" TEXT_FMT " domain=" TEXT_FMT ": %s",
		  TEXT_ARG(claim->report_id),
		  TEXT_ARG(claim->policy_domain.name), why->text);
	preview->status = status;
}

/* False when the database is away. */
static bool
show_report(struct preview *preview, const struct claim *claim)
{
	struct sink to = {preview->explain ? NULL : to_stdout, NULL};
	struct made made;
	struct why why;

	switch (tls_make(preview->reporter, preview->arena, claim, to, &made,
			 &why)) {
	case MAKE_DONE:
		if (preview->explain)
			explain_file(preview, &made);
		break;
	case MAKE_EMPTY:
		if (preview->explain)
			show_pair(preview->arena, "no report",
				  text_from(why.text));
		break;
	case MAKE_LATER:
		fault(preview, claim, &why, EX_TEMPFAIL);
		break;
	case MAKE_FAULTY:
		fault(preview, claim, &why, EX_DATAERR);
		break;
	case MAKE_AWAY:
		fault(preview, claim, &why, EX_TEMPFAIL);
		return false;
	}
	return true;
}

static bool
show(struct preview *preview, const struct pg_rows *rows, size_t row)
{
	struct claim claim = claim_of(rows, row);
	bool is_wanted =
	    text_equal(pg_rows_text(rows, row, IS_WANTED), TEXT("t"));

	if (preview->explain)
		explain_head(preview, &claim);
	if (is_wanted && !show_report(preview, &claim))
		return false;
	if (preview->explain)
		explain_destinations(preview, &claim);
	return true;
}

static int
show_all(struct preview *preview, struct arena *arena, const char *domain,
	 const char *day)
{
	const struct tls_report_settings *settings =
	    tls_report_settings_of(preview->reporter);
	struct pg_param params[4] = {
	    pg_string(day != NULL ? day : show_yesterday(arena)),
	    pg_string(domain), pg_string(settings->reports.domain),
	    pg_string(tls_report_settings_send(settings))};
	struct pg_rows *rows;
	struct why why;
	size_t row;

	if (pg_call(preview->reporter->pg, arena,
		    "select " COLUMNS
		    " from signet.tls_report_preview($1, $2, $3, $4)",
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

static void
explain_ourselves(struct preview *preview)
{
	struct why why;

	preflight_alignment(preview->reporter, preview->arena, &why);
	printf("%s\n\n", why.text);
}

int
tls_preview_run(struct reporter *reporter, const char *domain, const char *day,
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
