#include "dmarc-reporter/aggregate.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "dmarc-reporter/compose.h"
#include "dmarc-reporter/destinations.h"
#include "dmarc-reporter/make.h"
#include "dmarc-reporter/report_settings.h"
#include "reporter/reporter.h"

static enum pg_status
plan(struct reporter *reporter, struct arena *arena, int64_t *new_reports,
     struct why *why)
{
	const struct report_settings *settings = report_settings_of(reporter);
	struct pg_param params[3] = {
	    pg_string(settings->reports.domain),
	    pg_string(report_settings_format(settings)),
	    pg_string(arena_printf(arena, "%llu seconds",
				   (unsigned long long)settings->delay_s))};
	struct pg_rows *rows;
	enum pg_status status = pg_call(
	    reporter->pg, arena, "select signet.dmarc_report_plan($1, $2, $3)",
	    params, 3, &rows, why);

	if (status == PG_DONE)
		*new_reports = pg_rows_int(rows, 0, 0);
	return status;
}

static void
find(struct reporter *reporter, struct arena *arena, const struct claim *claim,
     struct destinations *found)
{
	destinations_find(arena, reporter->resolver, claim->policy_domain,
			  REPORT_CONSENT_RUA, reporter_dns_deadline(reporter),
			  found);
}

static enum make_result
make(struct reporter *reporter, struct arena *arena, const struct claim *claim,
     struct made *made, struct why *why)
{
	static const struct sink none = {NULL, NULL};
	struct report report;

	report_read(claim->rows, 0, claim->column, &report);
	return make_report(reporter, arena, &report, none, made, why);
}

static bool
compose(struct reporter *reporter, struct arena *arena,
	const struct letter *letter, struct buf *mail, struct why *why)
{
	const struct config_reports *reports = reporter->reports;
	struct report report;
	struct compose compose = {.report = &report,
				  .organization =
				      reporter_organization(reporter),
				  .from = reports->from,
				  .to = letter->next->address,
				  .contact = reports->contact,
				  .contact_info = reports->contact_info,
				  .host = reporter->common->hostname,
				  .file_name = letter->file_name,
				  .gzip = letter->gzip,
				  .destination = letter->next->id,
				  .now_s = letter->now_s};

	report_read(letter->claim->rows, 0, letter->claim->column, &report);
	return compose_mail(arena, &compose, mail, why);
}

const struct report_kind aggregate_kind = {.program = "signet-dmarc-report",
					   .sql = "dmarc_report",
					   .columns = REPORT_COLUMNS,
					   .counted = "messages",
					   .plan = plan,
					   .find = find,
					   .make = make};

const struct report_carrier aggregate_carrier = {
    .verp = VERP_DMARC,
    .mail_bytes = LIMIT_DMARC_REPORT_MAIL_BYTES,
    .compose = compose};
