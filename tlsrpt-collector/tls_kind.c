#include "tlsrpt-collector/tls_kind.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/https.h"
#include "reporter/reporter.h"
#include "tlsrpt-collector/rua.h"
#include "tlsrpt-collector/tls_compose.h"
#include "tlsrpt-collector/tls_make.h"
#include "tlsrpt-collector/tls_report_settings.h"

/* of a web server's answer, which nobody reads */
#define REPLY_BYTES (64u << 10)

static const char *
seconds(struct arena *arena, uint64_t value_s)
{
	return arena_printf(arena, "%llu seconds", (unsigned long long)value_s);
}

static enum pg_status
plan(struct reporter *reporter, struct arena *arena, int64_t *new_reports,
     struct why *why)
{
	const struct tls_report_settings *settings =
	    tls_report_settings_of(reporter);
	struct pg_param params[4] = {
	    pg_string(settings->reports.domain),
	    pg_string(tls_report_settings_send(settings)),
	    pg_string(seconds(arena, settings->delay_s)),
	    pg_string(seconds(arena, settings->newest_s))};
	struct pg_rows *rows;
	enum pg_status status =
	    pg_call(reporter->pg, arena,
		    "select signet.tls_report_plan($1, $2, $3, $4)", params, 4,
		    &rows, why);

	if (status == PG_DONE)
		*new_reports = pg_rows_int(rows, 0, 0);
	return status;
}

static void
find(struct reporter *reporter, struct arena *arena, const struct claim *claim,
     struct destinations *found)
{
	rua_destinations(arena, reporter->resolver, claim->policy_domain,
			 tls_report_settings_of(reporter)->https,
			 reporter_dns_deadline(reporter), found);
}

static enum make_result
make(struct reporter *reporter, struct arena *arena, const struct claim *claim,
     struct made *made, struct why *why)
{
	static const struct sink none = {NULL, NULL};

	return tls_make(reporter, arena, claim, none, made, why);
}

static bool
compose(struct reporter *reporter, struct arena *arena,
	const struct letter *letter, struct buf *mail, struct why *why)
{
	const struct config_reports *reports = reporter->reports;
	const struct claim *claim = letter->claim;
	struct tls_compose compose = {
	    .policy_domain = claim->policy_domain.name,
	    .submitter = claim->submitter,
	    .report_id = claim->report_id,
	    .begin = claim->begin,
	    .end = claim->end,
	    .organization = reporter_organization(reporter),
	    .from = reports->from,
	    .to = letter->next->address,
	    .contact = reports->contact,
	    .contact_info = reports->contact_info,
	    .host = reporter->common->hostname,
	    .file_name = letter->file_name,
	    .gzip = letter->gzip,
	    .destination = letter->next->id,
	    .now_s = letter->now_s};

	return tls_compose_mail(arena, &compose, mail, why);
}

/* RFC 8460 section 5.4: 2xx is success. */
static enum transfer_result
judge_status(unsigned status, struct why *why)
{
	why_set(why, "HTTP status %u", status);
	if (status / 100 == 2)
		return TRANSFER_ACCEPTED;
	return status / 100 == 5 || status == 408 || status == 429
		   ? TRANSFER_AGAIN
		   : TRANSFER_REFUSED;
}

static enum transfer_result
post(struct reporter *reporter, struct arena *arena,
     const struct letter *letter, struct why *why)
{
	const struct https_request request = {.url = letter->next->uri,
					      .media_type =
						  "application/tlsrpt+gzip",
					      .body = letter->gzip,
					      .body_most = REPLY_BYTES};
	struct deadline deadline = clock_deadline_in(
	    (int64_t)tls_report_settings_of(reporter)->https_timeout_s * 1000);
	struct https_reply reply;

	switch (https_ask(reporter->handle, arena, reporter->resolver, &request,
			  deadline, &reply, why)) {
	case HTTPS_REPLIED:
		return judge_status(reply.status, why);
	case HTTPS_FORBIDDEN:
		return TRANSFER_REFUSED;
	case HTTPS_NOT_TRIED:
	case HTTPS_NO_HOST:
	case HTTPS_DNS_FAILED:
	case HTTPS_UNREACHABLE:
	case HTTPS_NOT_TRUSTED:
	case HTTPS_TLS_FAILED:
	case HTTPS_LATE:
	case HTTPS_TOO_LARGE:
	case HTTPS_BROKEN:
	case HTTPS_ABORTED:
		break;
	}
	return TRANSFER_AGAIN;
}

const struct report_kind tls_kind = {.program = "signet-tls-report",
				     .sql = "tls_report",
				     .columns = TLS_MAKE_COLUMNS,
				     .counted = "sessions",
				     .must_sign = true,
				     .plan = plan,
				     .find = find,
				     .make = make};

const struct report_carrier tls_carrier = {.verp = VERP_TLS,
					   .mail_bytes =
					       2 * LIMIT_TLS_REPORT_BYTES,
					   .compose = compose,
					   .post = post};
