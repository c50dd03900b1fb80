#include "dmarc-reporter/failure_claim.h"

#include "base/arena.h"
#include "base/why.h"
#include "dmarc-reporter/destinations.h"
#include "dmarc-reporter/report_settings.h"
#include "reporter/reporter.h"

#define LISTS 6

static struct pg_param
number(struct arena *arena, int64_t value)
{
	return pg_string(arena_printf(arena, "%lld", (long long)value));
}

static struct pg_param
limit(struct arena *arena, uint64_t value)
{
	return number(arena, (int64_t)value);
}

enum pg_status
failure_claim_plan(struct reporter *reporter, struct arena *arena,
		   int64_t *new_reports, struct why *why)
{
	const struct report_settings *settings = report_settings_of(reporter);
	struct pg_param params[2] = {
	    limit(arena, settings->failure_domain_hourly),
	    limit(arena, settings->failure_hourly)};
	struct pg_rows *rows;
	enum pg_status status = pg_call(
	    reporter->pg, arena, "select signet.dmarc_failure_plan($1, $2)",
	    params, 2, &rows, why);

	if (status == PG_DONE)
		*new_reports = pg_rows_int(rows, 0, 0);
	return status;
}

#define COLUMNS                                                                \
	"id, claim, failure_s, incidents, decided::int, "                      \
	"(header is not null)::int, dkim_failed::int, spf_failed::int, "       \
	"policy_domain, from_domain, source_ip, dkim_domain, dkim_selector, "  \
	"dkim_identity, spf_domain, spf_record, mail_from, "                   \
	"authentication_results, delivery_result, header, host"

static bool
read_row(struct arena *arena, const struct pg_rows *rows,
	 struct failure_claim *claim, struct why *why)
{
	struct arf_failure *failure = &claim->failure;
	struct text *const texts[] = {&failure->reported_domain,
				      &claim->from_domain,
				      &failure->source_ip,
				      &failure->dkim_domain,
				      &failure->dkim_selector,
				      &failure->dkim_identity,
				      &claim->spf_domain,
				      &claim->spf_record,
				      &failure->original_mail_from,
				      &failure->authentication_results,
				      &failure->delivery_result,
				      &failure->header,
				      &claim->host};
	size_t i;

	claim->id = pg_rows_int(rows, 0, 0);
	claim->number = pg_rows_int(rows, 0, 1);
	claim->failure_s = pg_rows_int(rows, 0, 2);
	failure->incidents = (uint64_t)pg_rows_int(rows, 0, 3);
	claim->decided = pg_rows_int(rows, 0, 4) != 0;
	claim->is_there = pg_rows_int(rows, 0, 5) != 0;
	failure->dkim_failed = pg_rows_int(rows, 0, 6) != 0;
	failure->spf_failed = pg_rows_int(rows, 0, 7) != 0;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = pg_rows_text(rows, 0, 8 + (int)i);
	return domain_parse(arena, failure->reported_domain,
			    &claim->policy_domain, why);
}

enum pg_status
failure_claim_take(struct reporter *reporter, struct arena *arena,
		   struct failure_claim *claim, bool *taken, struct why *why)
{
	struct pg_param params[2] = {pg_string(reporter->common->hostname),
				     pg_string(CLAIM_LEASE)};
	struct pg_rows *rows;
	enum pg_status status = pg_call(
	    reporter->pg, arena,
	    "select " COLUMNS " from signet.dmarc_failure_claim($1, $2)",
	    params, 2, &rows, why);

	*claim = (struct failure_claim){0};
	*taken = status == PG_DONE && pg_rows_count(rows) > 0;
	if (*taken && !read_row(arena, rows, claim, why))
		return PG_REFUSED;
	return status;
}

enum pg_status
failure_claim_keep(struct reporter *reporter, struct arena *arena,
		   const struct failure_claim *claim,
		   const struct destinations *found, bool *ours,
		   struct why *why)
{
	struct pg_param params[2 + LISTS] = {number(arena, claim->id),
					     number(arena, claim->number)};
	const struct destination *one;
	struct text *lists[LISTS];
	struct pg_rows *rows;
	enum pg_status status;
	size_t i, n = 0;

	for (i = 0; i < LISTS; i++)
		lists[i] =
		    arena_new_array(arena, struct text, found->count + 1);
	for (one = found->first; one != NULL; one = one->next, n++) {
		lists[0][n] = one->uri;
		lists[1][n] = one->address;
		lists[2][n] = one->host;
		lists[3][n] = text_from(one->consent);
		lists[4][n] = text_from(destination_state_name(one->state));
		lists[5][n] = text_from(one->reason);
	}
	for (i = 0; i < LISTS; i++)
		params[2 + i] = pg_texts(arena, lists[i], n);
	status = pg_call(reporter->pg, arena,
			 "select signet.dmarc_failure_destinations($1, $2, "
			 "$3, $4, $5, $6, $7, $8)::int",
			 params, 2 + LISTS, &rows, why);
	*ours = status == PG_DONE && pg_rows_int(rows, 0, 0) != 0;
	return status;
}

enum pg_status
failure_claim_next(struct reporter *reporter, struct arena *arena,
		   const struct failure_claim *claim, struct claim_next *next,
		   bool *there, struct why *why)
{
	struct pg_param params[4] = {
	    number(arena, claim->id), number(arena, claim->number),
	    pg_string(CLAIM_LEASE),
	    limit(arena, report_settings_of(reporter)->failure_address_hourly)};
	struct pg_rows *rows;
	enum pg_status status =
	    pg_call(reporter->pg, arena,
		    "select id, address from signet.dmarc_failure_next($1, "
		    "$2, $3, $4)",
		    params, 4, &rows, why);

	*there = status == PG_DONE && pg_rows_count(rows) > 0;
	if (*there) {
		next->id = pg_rows_int(rows, 0, 0);
		next->address = text_string(arena, pg_rows_text(rows, 0, 1));
	}
	return status;
}

enum pg_status
failure_claim_result(struct reporter *reporter, struct arena *arena,
		     const struct claim_next *next, const char *result,
		     const char *reply, struct why *why)
{
	struct pg_param params[3] = {number(arena, next->id), pg_string(result),
				     pg_string(reply)};

	return pg_call(reporter->pg, arena,
		       "select signet.dmarc_failure_result($1, $2, $3)", params,
		       3, NULL, why);
}

enum pg_status
failure_claim_finish(struct reporter *reporter, struct arena *arena,
		     const struct failure_claim *claim, const char *trouble,
		     const char *final, struct text *state, struct why *why)
{
	struct pg_param params[4] = {number(arena, claim->id),
				     number(arena, claim->number),
				     pg_string(trouble), pg_string(final)};
	struct pg_rows *rows;
	enum pg_status status =
	    pg_call(reporter->pg, arena,
		    "select signet.dmarc_failure_finish($1, $2, $3, $4)",
		    params, 4, &rows, why);

	*state = TEXT("");
	if (status == PG_DONE && pg_rows_count(rows) > 0)
		*state = pg_rows_text(rows, 0, 0);
	return status;
}

enum pg_status
failure_claim_expire(struct reporter *reporter, struct arena *arena,
		     struct why *why)
{
	struct pg_param keep = pg_string(arena_printf(
	    arena, "%llu seconds", (unsigned long long)reporter->retain_s));

	return pg_call(reporter->pg, arena,
		       "select signet.dmarc_failure_expire($1)", &keep, 1, NULL,
		       why);
}
