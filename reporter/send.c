#include "reporter/send.h"

#include <sysexits.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/why.h"
#include "reporter/deliver.h"
#include "reporter/kind.h"
#include "reporter/preflight.h"
#include "reporter/reporter.h"
#include "io/log.h"
#include "io/random.h"

struct run {
	struct reporter *reporter;
	const struct report_carrier *carrier;
	const struct claim_filter *filter;
	struct deliver *deliver;
	struct pace pace;
	struct arena *arena; /* of one report */
	struct deliver_counts destinations;
	uint64_t reports, sent, open, given_up, nothing;
};

/* What becomes of one report. */
enum outcome {
	OUTCOME_GO_ON = 1,
	OUTCOME_STOP,	 /* the mail server: no more in this run */
	OUTCOME_DATABASE /* claims end by themselves */
};

static void
count_state(struct run *run, struct text state)
{
	run->reports++;
	if (text_equal(state, TEXT("sent")))
		run->sent++;
	else if (text_equal(state, TEXT("given_up")))
		run->given_up++;
	else if (text_equal(state, TEXT("nothing")))
		run->nothing++;
	else
		run->open++;
}

static void
log_report(struct run *run, const struct claim *claim, const struct made *made,
	   const struct claim_end *end)
{
	struct buf line;

	buf_init(&line, run->arena, LIMIT_LOG_LINE_BYTES);
	log_pair(&line, "report", claim->report_id);
	log_pair(&line, "domain", claim->policy_domain.name);
	log_pair(&line, "state", end->state);
	if (made != NULL) {
		buf_printf(&line, " %s=%llu records=%llu bytes=%zu",
			   run->reporter->kind->counted,
			   (unsigned long long)made->counted,
			   (unsigned long long)made->records, made->gzip.len);
		if (made->left_out > 0) {
			buf_printf(&line, " left_out=%llu",
				   (unsigned long long)made->left_out);
			log_pair(&line, "left_out_why",
				 text_from(made->left_out_why));
		}
	}
	if (end->destinations.len > 0)
		log_pair(&line, "to", end->destinations);
	if (end->reason.len > 0)
		log_pair(&line, "why", end->reason);
	if (end->next_at.len > 0)
		log_pair(&line, "next", end->next_at);
	log_info("%s", buf_cstring(&line));
}

static enum outcome
away(const struct why *why)
{
	log_error("database: %s", why->text);
	return OUTCOME_DATABASE;
}

static enum outcome
finish(struct run *run, const struct claim *claim, const struct made *made,
       const char *trouble, const char *final)
{
	struct claim_end end;
	struct why why;

	if (claim_finish(run->reporter, run->arena, claim, trouble, final, &end,
			 &why) != PG_DONE)
		return away(&why);
	if (end.state.len == 0) {
		log_warning("report=" TEXT_FMT " was taken over by another "
			    "host meanwhile",
			    TEXT_ARG(claim->report_id));
		return OUTCOME_GO_ON;
	}
	count_state(run, end.state);
	log_report(run, claim, made, &end);
	return OUTCOME_GO_ON;
}

/* Finds out where the report goes.  *trouble is set when DNS has not told, and
 * *final when there is nobody. */
static enum pg_status
find_destinations(struct run *run, const struct claim *claim,
		  const char **trouble, const char **final, bool *ours,
		  struct why *why)
{
	struct reporter *reporter = run->reporter;
	struct destinations found;

	reporter->kind->find(reporter, run->arena, claim, &found);
	*ours = true;
	switch (found.found) {
	case DESTINATIONS_FOUND:
		return claim_keep_destinations(reporter, run->arena, claim,
					       &found, ours, why);
	case DESTINATIONS_NOBODY:
		*final = "nothing";
		break;
	case DESTINATIONS_TEMPERROR:
		break;
	}
	*trouble = found.reason;
	return PG_DONE;
}

/* Makes the report, or fetches the one that was made. */
static enum make_result
get_file(struct run *run, const struct claim *claim, struct made *made,
	 bool *ours, struct why *why)
{
	struct reporter *reporter = run->reporter;
	enum make_result result;

	*ours = true;
	if (claim->is_made) {
		*made = (struct made){0};
		made->file_name = text_string(run->arena, claim->file_name);
		return claim_gzip(reporter, run->arena, claim, &made->gzip,
				  why) == PG_DONE
			   ? MAKE_DONE
			   : MAKE_AWAY;
	}
	result = reporter->kind->make(reporter, run->arena, claim, made, why);
	if (result == MAKE_DONE && claim_keep_made(reporter, run->arena, claim,
						   made, ours, why) != PG_DONE)
		return MAKE_AWAY;
	return result;
}

static enum outcome
deliver(struct run *run, const struct claim *claim, const struct made *made,
	const char *trouble)
{
	const struct made *fresh = claim->is_made ? NULL : made;
	enum outcome outcome;
	struct why why;

	switch (deliver_report(run->deliver, claim, made->gzip, made->file_name,
			       &run->pace, &run->destinations, &why)) {
	case DELIVER_DONE:
		return finish(run, claim, fresh, trouble, NULL);
	case DELIVER_STOP:
		outcome = finish(run, claim, fresh, why.text, NULL);
		log_error("the run ends: %s", why.text);
		return outcome == OUTCOME_GO_ON ? OUTCOME_STOP : outcome;
	case DELIVER_DATABASE:
		break;
	}
	return away(&why);
}

static enum outcome
work_on(struct run *run, const struct claim *claim)
{
	const char *trouble = NULL, *final = NULL;
	struct made made;
	struct why why;
	bool ours;

	if (!claim->decided && find_destinations(run, claim, &trouble, &final,
						 &ours, &why) != PG_DONE)
		return away(&why);
	if (final != NULL)
		return finish(run, claim, NULL, trouble, final);
	switch (get_file(run, claim, &made, &ours, &why)) {
	case MAKE_DONE:
		return deliver(run, claim, &made, trouble);
	case MAKE_EMPTY:
		return finish(run, claim, NULL, why.text, "nothing");
	case MAKE_FAULTY:
		log_error("report=" TEXT_FMT " has a fault and is not sent: %s",
			  TEXT_ARG(claim->report_id), why.text);
		return finish(run, claim, NULL, why.text, "given_up");
	case MAKE_LATER:
		return finish(run, claim, NULL, why.text, NULL);
	case MAKE_AWAY:
		break;
	}
	return away(&why);
}

static int64_t
next_pause_ms(const struct run *run)
{
	uint32_t random = 0;

	random_fill(&random, sizeof(random));
	return pace_next_ms(&run->pace, random);
}

static enum outcome
work(struct run *run)
{
	enum outcome outcome = OUTCOME_GO_ON;
	struct claim claim;
	struct why why;
	bool taken = true;

	while (outcome == OUTCOME_GO_ON && !run->reporter->stopped()) {
		arena_reset(run->arena);
		if (claim_take(run->reporter, run->arena, run->filter, &claim,
			       &taken, &why) != PG_DONE)
			return away(&why);
		if (!taken)
			break;
		outcome = work_on(run, &claim);
		if (outcome == OUTCOME_GO_ON)
			pace_wait(next_pause_ms(run), run->reporter->stopped);
	}
	return outcome;
}

/* EX_OK to go on. */
static int
preflight(struct run *run)
{
	const struct config_reports *reports = run->reporter->reports;
	struct why why;

	switch (preflight_alignment(run->reporter, run->arena, &why)) {
	case PREFLIGHT_PASS:
		return EX_OK;
	case PREFLIGHT_FAIL:
		if (reports->preflight_alignment == REPORTS_ALIGN_WARN) {
			log_warning("%s", why.text);
			return EX_OK;
		}
		log_error("nothing is sent: %s", why.text);
		return EX_CONFIG;
	case PREFLIGHT_TEMPERROR:
		break;
	}
	if (reports->preflight_alignment == REPORTS_ALIGN_WARN) {
		log_warning("%s", why.text);
		return EX_OK;
	}
	log_error("nothing is sent now: %s", why.text);
	return EX_TEMPFAIL;
}

static int
work_with_mail(struct run *run, struct arena *arena)
{
	struct why why;
	enum outcome outcome;

	run->deliver = deliver_open(arena, run->reporter, run->carrier, &why);
	if (run->deliver == NULL) {
		log_error("%s", why.text);
		return EX_CONFIG;
	}
	outcome = work(run);
	deliver_close(run->deliver);
	log_info("run reports=%llu sent=%llu open=%llu given_up=%llu "
		 "nothing=%llu mails=%llu",
		 (unsigned long long)run->reports,
		 (unsigned long long)run->sent, (unsigned long long)run->open,
		 (unsigned long long)run->given_up,
		 (unsigned long long)run->nothing,
		 (unsigned long long)run->destinations.sent);
	if (outcome == OUTCOME_GO_ON && !run->reporter->stopped() &&
	    claim_expire(run->reporter, arena, &why) != PG_DONE)
		outcome = away(&why);
	return outcome == OUTCOME_GO_ON && run->open == 0 ? EX_OK : EX_TEMPFAIL;
}

static int
run_all(struct run *run, struct arena *arena, bool hurry)
{
	const struct config_reports *reports = run->reporter->reports;
	int64_t planned = 0, waiting = 0;
	struct why why;
	int status;

	if (run->reporter->kind->plan(run->reporter, arena, &planned, &why) !=
		PG_DONE ||
	    claim_waiting(run->reporter, arena, run->filter, &waiting, &why) !=
		PG_DONE) {
		away(&why);
		return EX_TEMPFAIL;
	}
	log_info("planned=%lld waiting=%lld", (long long)planned,
		 (long long)waiting);
	if (waiting == 0)
		return EX_OK;
	status = preflight(run);
	if (status != EX_OK)
		return status;
	run->pace = pace_of(hurry ? 0 : reports->spread_s, waiting,
			    reports->stop_after);
	return work_with_mail(run, arena);
}

int
send_run(struct reporter *reporter, const struct report_carrier *carrier,
	 const struct claim_filter *filter, bool hurry)
{
	struct run run = {
	    .reporter = reporter, .carrier = carrier, .filter = filter};
	struct arena *arena = arena_new();
	struct why why;
	int status = EX_CONFIG;

	run.arena = arena_new();
	if (config_reports_can_send(reporter->reports, &why))
		status = run_all(&run, arena, hurry || filter->domain != NULL);
	else
		log_error("%s", why.text);
	arena_free(run.arena);
	arena_free(arena);
	return status;
}
