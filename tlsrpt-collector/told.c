#include "tlsrpt-collector/told.h"

#include "base/arena.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/pg.h"
#include "reporter/claim.h"
#include "reporter/reporter.h"
#include "tlsrpt-collector/rua.h"

/* questions that are on their way at once */
#define AT_ONCE 64
/* for all of them; well below CLAIM_LEASE */
#define ALL_MS (5 * 60 * 1000)

struct search {
	struct reporter *reporter;
	const struct tlsrpt_record *record; /* of the host */
	const struct pg_rows *rows;	    /* recipient domains */
	bool patient;
	struct deadline end;
	struct told *told;
};

/* Rows `from` to `from` + AT_ONCE. */
static bool
ask_some(struct search *search, struct arena *arena, size_t from,
	 struct why *why)
{
	struct deadline deadline = deadline_earlier(
	    search->end, reporter_dns_deadline(search->reporter));
	struct dns_question *questions[AT_ONCE];
	size_t count = pg_rows_count(search->rows) - from, i;
	struct domain domain;
	struct rua rua;

	if (count > AT_ONCE)
		count = AT_ONCE;
	for (i = 0; i < count; i++) {
		domain.name = pg_rows_text(search->rows, from + i, 0);
		questions[i] =
		    rua_ask(arena, search->reporter->resolver, domain);
	}
	for (i = 0; i < count; i++) {
		domain.name = pg_rows_text(search->rows, from + i, 0);
		rua_wait(arena, questions[i], deadline, &rua);
		if (rua.found == DESTINATIONS_TEMPERROR && search->patient)
			return why_set(why, TEXT_FMT ": %s",
				       TEXT_ARG(domain.name), rua.reason);
		if (rua.found == DESTINATIONS_FOUND &&
		    rua_is_same(search->record, &rua.record))
			search->told->domains[search->told->count++] =
			    domain.name;
	}
	return true;
}

static enum told_result
ask_all(struct search *search, struct arena *arena, struct why *why)
{
	size_t count = pg_rows_count(search->rows), from;
	struct arena *scratch = arena_new();
	bool done = true;

	search->told->of = count;
	search->told->domains = arena_new_array(arena, struct text, count + 1);
	for (from = 0; from < count && done; from += AT_ONCE) {
		arena_reset(scratch);
		done = ask_some(search, scratch, from, why);
	}
	arena_free(scratch);
	return done ? TOLD_DONE : TOLD_LATER;
}

static enum told_result
ask_database(struct search *search, struct arena *arena,
	     const struct claim *claim, struct why *why)
{
	struct pg_param params[3] = {
	    pg_text(claim->policy_domain.name),
	    pg_string(arena_printf(arena, "%lld", (long long)claim->begin)),
	    pg_string(arena_printf(arena, "%lld", (long long)claim->end))};
	struct pg_rows *rows;

	if (pg_call(search->reporter->pg, arena,
		    "select domain from signet.tls_report_affected($1, "
		    "to_timestamp($2::bigint), to_timestamp($3::bigint))",
		    params, 3, &rows, why) != PG_DONE)
		return TOLD_AWAY;
	search->rows = rows;
	return ask_all(search, arena, why);
}

enum told_result
told_find(struct reporter *reporter, struct arena *arena,
	  const struct claim *claim, bool patient, struct told *told,
	  struct why *why)
{
	struct search search = {.reporter = reporter,
				.patient = patient,
				.end = clock_deadline_in(ALL_MS),
				.told = told};
	struct rua rua;

	*told = (struct told){0};
	rua_wait(arena,
		 rua_ask(arena, reporter->resolver, claim->policy_domain),
		 reporter_dns_deadline(reporter), &rua);
	if (rua.found == DESTINATIONS_TEMPERROR) {
		why_set(why, "%s", rua.reason);
		return TOLD_LATER;
	}
	search.record = &rua.record;
	return ask_database(&search, arena, claim, why);
}
