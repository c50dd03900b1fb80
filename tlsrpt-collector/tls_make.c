#include "tlsrpt-collector/tls_make.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/gzip.h"
#include "base/limits.h"
#include "base/why.h"
#include "mailtls/tlsrpt_report.h"
#include "reporter/claim.h"
#include "reporter/reporter.h"
#include "tlsrpt-collector/tls_rows.h"
#include "tlsrpt-collector/told.h"

/* attempts in which a host's report waits for all its domains */
#define PATIENCE 3

struct making {
	struct tlsrpt_report_writer *writer;
	struct arena *scratch; /* of the policy that is being read */
	struct text key;       /* of it; empty: none yet */
	struct tlsrpt_policy policy;
	struct tlsrpt_failure **end;
	uint64_t cut; /* failures that no report has room for */
	uint64_t sessions, failed, failures; /* as the database counts */
};

static bool
flush(struct making *making, struct why *why)
{
	bool done = making->key.len == 0 ||
		    tlsrpt_report_add(making->writer, making->scratch,
				      &making->policy, why);

	arena_reset(making->scratch);
	making->key = TEXT("");
	return done;
}

static void
begin_policy(struct making *making, const struct pg_rows *rows)
{
	making->key = text_copy(making->scratch, tls_rows_key(rows));
	tls_rows_policy(making->scratch, rows, &making->policy);
	making->end = &making->policy.failures;
	making->sessions += making->policy.successful + making->policy.failed;
	making->failed += making->policy.failed;
}

static bool
take_row(void *handle, const struct pg_rows *rows, struct why *why)
{
	struct making *making = handle;
	struct tlsrpt_failure *failure;

	if (!text_equal(making->key, tls_rows_key(rows))) {
		if (!flush(making, why))
			return false;
		begin_policy(making, rows);
	}
	if (making->policy.failure_count >= LIMIT_TLS_REPORT_OUT_ROWS) {
		making->cut++;
		return true;
	}
	failure = tls_rows_failure(making->scratch, rows);
	if (failure == NULL)
		return true;
	*making->end = failure;
	making->end = &failure->next;
	making->policy.failure_count++;
	making->failures++;
	return true;
}

static enum pg_status
take_rows(struct reporter *reporter, struct arena *arena, struct making *making,
	  const struct claim *claim, struct text about, const struct told *told,
	  struct why *why)
{
	struct pg_param params[5] = {
	    pg_text(claim->policy_domain.name), pg_text(about),
	    pg_string(arena_printf(arena, "%lld", (long long)claim->begin)),
	    pg_string(arena_printf(arena, "%lld", (long long)claim->end)),
	    pg_texts(arena, told->domains, told->count)};

	return pg_stream(reporter->pg,
			 "select " TLS_ROWS_COLUMNS
			 " from signet.tls_report_rows($1, $2, "
			 "to_timestamp($3::bigint), to_timestamp($4::bigint), "
			 "$5)",
			 params, 5, take_row, making, why);
}

/* Would whoever gets it read what the database counts? */
static bool
check(struct arena *arena, struct text json,
      const struct tlsrpt_report_totals *totals, const struct making *making,
      struct why *why)
{
	const struct tlsrpt_policy *policy;
	struct tlsrpt_report report;
	uint64_t sessions = 0;

	if (!tlsrpt_report_read(arena, json, &report, why))
		return why_prefix(why, "the report cannot be read");
	for (policy = report.policies; policy != NULL; policy = policy->next)
		sessions += policy->successful + policy->failed;
	if (totals->left_out == 0 && sessions != making->sessions)
		return why_set(why,
			       "the report counts %llu sessions, the database "
			       "%llu",
			       (unsigned long long)sessions,
			       (unsigned long long)making->sessions);
	if (report.failure_count != totals->failures)
		return why_set(why, "the report has %zu failures, not %llu",
			       report.failure_count,
			       (unsigned long long)totals->failures);
	return true;
}

static enum make_result
finish(struct arena *arena, struct making *making, struct buf *json,
       struct sink also, struct made *made, struct why *why)
{
	struct tlsrpt_report_totals totals;
	struct buf *file = arena_new_value(arena, struct buf);

	if (!tlsrpt_report_end(making->writer, &totals, why) ||
	    !check(making->scratch, buf_view(json), &totals, making, why))
		return MAKE_FAULTY;
	buf_init(file, arena, LIMIT_TLS_REPORT_BYTES);
	if ((also.put != NULL && !sink_put(also, buf_view(json), why)) ||
	    !gzip_write(making->scratch, buf_view(json), sink_to_buf(file),
			why))
		return MAKE_FAULTY;
	made->gzip = buf_view(file);
	made->counted = totals.successful + totals.failed;
	made->records = totals.policies + totals.failures;
	made->left_out = totals.left_out + making->cut;
	if (made->left_out > 0)
		made->left_out_why = "more than a report has room for";
	made->bytes = totals.bytes;
	return MAKE_DONE;
}

static enum make_result
make_empty(struct text about, struct why *why)
{
	if (text_equal(about, TEXT("host")))
		why_set(why, "nothing failed that is not told already");
	else
		why_set(why, "no result is left");
	return MAKE_EMPTY;
}

static enum make_result
fill(struct reporter *reporter, struct arena *arena, struct making *making,
     const struct claim *claim, struct buf *json, struct sink also,
     struct made *made, struct why *why)
{
	struct text about =
	    pg_rows_text(claim->rows, claim->row, claim->column);
	struct text what =
	    pg_rows_text(claim->rows, claim->row, claim->column + 1);
	bool patient =
	    pg_rows_int(claim->rows, claim->row, claim->column + 2) <= PATIENCE;
	struct told told = {0};

	if (text_equal(about, TEXT("host")))
		switch (
		    told_find(reporter, arena, claim, patient, &told, why)) {
		case TOLD_DONE:
			break;
		case TOLD_LATER:
			return MAKE_LATER;
		case TOLD_AWAY:
			return MAKE_AWAY;
		}
	switch (take_rows(reporter, arena, making, claim, about, &told, why)) {
	case PG_DONE:
		break;
	case PG_REFUSED:
	case PG_AWAY:
	case PG_NOT_ASKED:
		return MAKE_AWAY;
	}
	if (!flush(making, why))
		return MAKE_FAULTY;
	if (making->sessions + making->failures == 0 ||
	    (!text_equal(what, TEXT("all")) &&
	     making->failed + making->failures == 0))
		return make_empty(about, why);
	return finish(arena, making, json, also, made, why);
}

enum make_result
tls_make(struct reporter *reporter, struct arena *arena,
	 const struct claim *claim, struct sink also, struct made *made,
	 struct why *why)
{
	const struct tlsrpt_report_head head = {
	    .organization = text_from(reporter_organization(reporter)),
	    .contact = text_from(reporter->reports->contact),
	    .report_id = claim->report_id,
	    .begin = claim->begin,
	    .end = claim->end - 1};
	struct arena *own = arena_new();
	struct making making = {.scratch = arena_new()};
	enum make_result result = MAKE_FAULTY;
	struct buf json;

	*made = (struct made){0};
	made->file_name = text_string(
	    arena, tlsrpt_report_filename(
		       arena, claim->submitter, claim->policy_domain.name,
		       claim->begin, claim->end - 1, claim->report_id));
	buf_init(&json, own, LIMIT_TLS_REPORT_BYTES);
	making.writer =
	    tlsrpt_report_begin(own, &head, sink_to_buf(&json), why);
	if (making.writer != NULL)
		result = fill(reporter, arena, &making, claim, &json, also,
			      made, why);
	arena_free(making.scratch);
	arena_free(own);
	return result;
}
