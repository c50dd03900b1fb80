#include "reporter/claim.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/why.h"
#include "reporter/kind.h"
#include "reporter/reporter.h"

/* A number as a parameter. */
static struct pg_param
number(struct arena *arena, int64_t value)
{
	return pg_string(arena_printf(arena, "%lld", (long long)value));
}

static const char *
seconds(struct arena *arena, uint64_t value_s)
{
	return arena_printf(arena, "%llu seconds", (unsigned long long)value_s);
}

/* "select WHAT from signet.KIND_CALL" */
static const char *
statement(const struct reporter *reporter, struct arena *arena,
	  const char *what, const char *call)
{
	return arena_printf(arena, "select %s%ssignet.%s_%s", what,
			    what[0] != '\0' ? " from " : "",
			    reporter->kind->sql, call);
}

enum pg_status
claim_waiting(struct reporter *reporter, struct arena *arena,
	      const struct claim_filter *filter, int64_t *waiting,
	      struct why *why)
{
	struct pg_param params[2] = {pg_string(filter->domain),
				     pg_string(filter->day)};
	struct pg_rows *rows;
	enum pg_status status =
	    pg_call(reporter->pg, arena,
		    statement(reporter, arena, "", "waiting($1, $2)"), params,
		    2, &rows, why);

	if (status == PG_DONE)
		*waiting = pg_rows_int(rows, 0, 0);
	return status;
}

/* of every kind, and where those of the kind itself begin */
#define COLUMNS                                                                \
	"id, claim, is_made, decided, file_name, policy_domain, begin_s, "     \
	"end_s, report_id, submitter"
enum column {
	ID,
	NUMBER,
	IS_MADE,
	DECIDED,
	FILE_NAME,
	POLICY_DOMAIN,
	BEGIN_S,
	END_S,
	REPORT_ID,
	SUBMITTER,
	OF_KIND
};

static void
read_claim(const struct pg_rows *rows, struct claim *claim)
{
	claim->id = pg_rows_int(rows, 0, ID);
	claim->number = pg_rows_int(rows, 0, NUMBER);
	claim->is_made = text_equal(pg_rows_text(rows, 0, IS_MADE), TEXT("t"));
	claim->decided = text_equal(pg_rows_text(rows, 0, DECIDED), TEXT("t"));
	claim->file_name = pg_rows_text(rows, 0, FILE_NAME);
	/* the database holds what domain_parse made */
	claim->policy_domain.name = pg_rows_text(rows, 0, POLICY_DOMAIN);
	claim->begin = pg_rows_int(rows, 0, BEGIN_S);
	claim->end = pg_rows_int(rows, 0, END_S);
	claim->report_id = pg_rows_text(rows, 0, REPORT_ID);
	claim->submitter = pg_rows_text(rows, 0, SUBMITTER);
	claim->rows = rows;
	claim->column = OF_KIND;
}

enum pg_status
claim_take(struct reporter *reporter, struct arena *arena,
	   const struct claim_filter *filter, struct claim *claim, bool *taken,
	   struct why *why)
{
	struct pg_param params[4] = {
	    pg_string(reporter->common->hostname), pg_string(CLAIM_LEASE),
	    pg_string(filter->domain), pg_string(filter->day)};
	struct pg_rows *rows;
	enum pg_status status =
	    pg_call(reporter->pg, arena,
		    statement(reporter, arena,
			      arena_printf(arena, COLUMNS ", %s",
					   reporter->kind->columns),
			      "claim($1, $2, $3, $4)"),
		    params, 4, &rows, why);

	*claim = (struct claim){0};
	*taken = status == PG_DONE && pg_rows_count(rows) > 0;
	if (!*taken)
		return status;
	read_claim(rows, claim);
	return status;
}

/* Calls a function that says whether the claim still holds. */
static enum pg_status
call_ours(struct reporter *reporter, struct arena *arena, const char *sql,
	  const struct pg_param *params, size_t count, bool *ours,
	  struct why *why)
{
	struct pg_rows *rows;
	enum pg_status status =
	    pg_call(reporter->pg, arena, sql, params, count, &rows, why);

	*ours = status == PG_DONE &&
		text_equal(pg_rows_text(rows, 0, 0), TEXT("t"));
	return status;
}

#define LISTS 7

enum pg_status
claim_keep_destinations(struct reporter *reporter, struct arena *arena,
			const struct claim *claim,
			const struct destinations *found, bool *ours,
			struct why *why)
{
	struct pg_param params[2 + LISTS] = {number(arena, claim->id),
					     number(arena, claim->number)};
	const struct destination *one;
	struct text *lists[LISTS];
	size_t i, n = 0;

	for (i = 0; i < LISTS; i++)
		lists[i] =
		    arena_new_array(arena, struct text, found->count + 1);
	for (one = found->first; one != NULL; one = one->next, n++) {
		lists[0][n] = one->uri;
		lists[1][n] = one->address;
		lists[2][n] = one->host;
		lists[3][n] = one->instead_of;
		lists[4][n] = text_from(one->consent);
		lists[5][n] = text_from(destination_state_name(one->state));
		lists[6][n] = text_from(one->reason);
	}
	for (i = 0; i < LISTS; i++)
		params[2 + i] = pg_texts(arena, lists[i], n);
	return call_ours(reporter, arena,
			 statement(reporter, arena, "",
				   "destinations($1, $2, $3, $4, $5, $6, $7, "
				   "$8, $9)"),
			 params, 2 + LISTS, ours, why);
}

enum pg_status
claim_keep_made(struct reporter *reporter, struct arena *arena,
		const struct claim *claim, const struct made *made, bool *ours,
		struct why *why)
{
	struct text encoded = base64_encode(arena, made->gzip);
	struct pg_param params[8] = {number(arena, claim->id),
				     number(arena, claim->number),
				     pg_string(made->file_name),
				     number(arena, (int64_t)made->counted),
				     number(arena, (int64_t)made->records),
				     number(arena, (int64_t)made->left_out),
				     number(arena, (int64_t)made->bytes),
				     pg_text(encoded)};

	return call_ours(reporter, arena,
			 statement(reporter, arena, "",
				   "made($1, $2, $3, $4, $5, $6, $7, $8)"),
			 params, 8, ours, why);
}

enum pg_status
claim_gzip(struct reporter *reporter, struct arena *arena,
	   const struct claim *claim, struct text *gzip, struct why *why)
{
	struct pg_param params[1] = {number(arena, claim->id)};
	struct pg_rows *rows;
	enum pg_status status = pg_call(
	    reporter->pg, arena, statement(reporter, arena, "", "gzip($1)"),
	    params, 1, &rows, why);

	*gzip = TEXT("");
	if (status == PG_DONE &&
	    !base64_decode(arena, pg_rows_text(rows, 0, 0), gzip)) {
		why_set(why, "the kept report is no base64");
		return PG_REFUSED;
	}
	return status;
}

enum pg_status
claim_next(struct reporter *reporter, struct arena *arena,
	   const struct claim *claim, struct claim_next *next, bool *there,
	   struct why *why)
{
	const struct config_reports *reports = reporter->reports;
	struct pg_param params[4] = {
	    number(arena, claim->id), number(arena, claim->number),
	    pg_string(CLAIM_LEASE),
	    number(arena, (int64_t)reports->host_hourly)};
	struct pg_rows *rows;
	enum pg_status status =
	    pg_call(reporter->pg, arena,
		    statement(reporter, arena, "id, address, uri",
			      "next($1, $2, $3, $4)"),
		    params, 4, &rows, why);

	*next = (struct claim_next){0};
	*there = status == PG_DONE && pg_rows_count(rows) > 0;
	if (*there) {
		next->id = pg_rows_int(rows, 0, 0);
		next->address = text_string(arena, pg_rows_text(rows, 0, 1));
		next->uri = text_string(arena, pg_rows_text(rows, 0, 2));
	}
	return status;
}

enum pg_status
claim_result(struct reporter *reporter, struct arena *arena,
	     const struct claim_next *next, const char *result,
	     const char *reply, struct why *why)
{
	struct pg_param params[4] = {
	    number(arena, next->id), pg_string(result), pg_string(reply),
	    pg_string(seconds(arena, reporter->reports->retry_for_s))};

	return pg_call(reporter->pg, arena,
		       statement(reporter, arena, "", "result($1, $2, $3, $4)"),
		       params, 4, NULL, why);
}

enum pg_status
claim_finish(struct reporter *reporter, struct arena *arena,
	     const struct claim *claim, const char *trouble, const char *final,
	     struct claim_end *end, struct why *why)
{
	struct pg_param params[5] = {
	    number(arena, claim->id), number(arena, claim->number),
	    pg_string(trouble), pg_string(final),
	    pg_string(seconds(arena, reporter->reports->retry_for_s))};
	struct pg_rows *rows;
	enum pg_status status =
	    pg_call(reporter->pg, arena,
		    statement(reporter, arena,
			      "state, reason, to_char(next_at at time zone "
			      "'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
			      "destinations",
			      "finish($1, $2, $3, $4, $5)"),
		    params, 5, &rows, why);

	*end = (struct claim_end){0};
	if (status != PG_DONE || pg_rows_count(rows) == 0)
		return status;
	end->state = pg_rows_text(rows, 0, 0);
	end->reason = pg_rows_text(rows, 0, 1);
	end->next_at = pg_rows_text(rows, 0, 2);
	end->destinations = pg_rows_text(rows, 0, 3);
	return status;
}

enum pg_status
claim_expire(struct reporter *reporter, struct arena *arena, struct why *why)
{
	struct pg_param params[1] = {
	    pg_string(seconds(arena, reporter->retain_s))};

	return pg_call(reporter->pg, arena,
		       statement(reporter, arena, "", "expire($1)"), params, 1,
		       NULL, why);
}
