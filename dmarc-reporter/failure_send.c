#include "dmarc-reporter/failure_send.h"

#include <sysexits.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/why.h"
#include "dmarc-reporter/destinations.h"
#include "dmarc-reporter/failure_compose.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/transfer.h"
#include "mailauth/verp.h"
#include "reporter/preflight.h"
#include "reporter/reporter.h"

struct run {
	struct reporter *reporter;
	struct transfer *transfer; /* NULL until there is something to send */
	struct text verp_key;
	struct arena *arena;   /* of the run */
	struct arena *scratch; /* of one report */
	uint64_t reports, mails;
	bool is_waiting; /* something stays for a later run */
};

enum step {
	STEP_GO_ON = 1,
	STEP_STOP /* database or mail server; it has been logged */
};

static enum step
away(struct run *run, const struct why *why)
{
	log_error("database: %s", why->text);
	run->is_waiting = true;
	return STEP_STOP;
}

static enum step
finish(struct run *run, const struct failure_claim *claim, const char *trouble,
       const char *final)
{
	struct text state;
	struct buf line;
	struct why why;

	if (failure_claim_finish(run->reporter, run->scratch, claim, trouble,
				 final, &state, &why) != PG_DONE)
		return away(run, &why);
	run->reports++;
	if (text_equal(state, TEXT("again")))
		run->is_waiting = true;
	buf_init(&line, run->scratch, LIMIT_LOG_LINE_BYTES);
	buf_printf(&line, "failure_report=%lld", (long long)claim->id);
	log_pair(&line, "domain", claim->policy_domain.name);
	log_pair(&line, "state", state);
	buf_printf(&line, " incidents=%llu",
		   (unsigned long long)claim->failure.incidents);
	if (trouble != NULL)
		log_pair(&line, "why", text_from(trouble));
	log_info("%s", buf_cstring(&line));
	return STEP_GO_ON;
}

/* RFC 9991 section 2: not for psd=y, whatever the record said when the
 * message came. */
static bool
is_public_suffix(struct arena *arena, const struct destinations *found)
{
	struct dmarc_record record;

	return dmarc_record_parse(arena, found->record, &record, NULL) &&
	       record.psd == DMARC_PSD_YES;
}

static enum pg_status
find_destinations(struct run *run, const struct failure_claim *claim,
		  const char **trouble, const char **final, struct why *why)
{
	struct reporter *reporter = run->reporter;
	struct destinations found;
	bool ours;

	destinations_find(run->scratch, reporter->resolver,
			  claim->policy_domain, REPORT_CONSENT_RUF,
			  reporter_dns_deadline(reporter), &found);
	*trouble = found.reason;
	switch (found.found) {
	case DESTINATIONS_FOUND:
		if (is_public_suffix(run->scratch, &found)) {
			*trouble = "the domain is a public suffix";
			*final = "nothing";
			return PG_DONE;
		}
		return failure_claim_keep(reporter, run->scratch, claim, &found,
					  &ours, why);
	case DESTINATIONS_NOBODY:
		*final = "nothing";
		break;
	case DESTINATIONS_TEMPERROR:
		break;
	}
	return PG_DONE;
}

static bool
open_transfer(struct run *run, struct why *why)
{
	const struct reporter *reporter = run->reporter;
	struct transfer_options options = {
	    .server = reporter->reports->smtp,
	    .helo = reporter->common->hostname,
	    .timeout_ms = (int64_t)reporter->reports->smtp_timeout_s * 1000};

	if (run->transfer != NULL)
		return true;
	if (!config_reports_verp_key(run->arena, reporter->reports,
				     &run->verp_key, why))
		return false;
	run->transfer = transfer_open(&options, why);
	return run->transfer != NULL;
}

static enum transfer_result
send_to(struct run *run, const struct failure_claim *claim,
	const struct claim_next *next, struct why *why)
{
	const struct config_reports *reports = run->reporter->reports;
	struct failure_compose compose = {.claim = claim,
					  .organization =
					      reports->organization != NULL
						  ? reports->organization
						  : reports->domain,
					  .from = reports->from,
					  .domain = reports->domain,
					  .to = next->address,
					  .contact = reports->contact,
					  .destination = next->id,
					  .now_s = clock_unix_ms() / 1000};
	struct text token = verp_make(run->scratch, run->verp_key, VERP_FAILURE,
				      (uint64_t)next->id);
	struct transfer_mail mail = {
	    .sender = arena_printf(run->scratch, "report+" TEXT_FMT "@%s",
				   TEXT_ARG(token), reports->envelope_domain),
	    .recipient = next->address};
	struct buf content;

	buf_init(&content, run->scratch, 4 * LIMIT_FAILURE_EVENT_BYTES);
	if (!failure_compose_mail(run->scratch, &compose, &content, why))
		return TRANSFER_REFUSED;
	mail.content = buf_view(&content);
	return transfer_send(run->transfer, &mail, why);
}

static const char *
result_word(enum transfer_result result)
{
	switch (result) {
	case TRANSFER_ACCEPTED:
		return "sent";
	case TRANSFER_REFUSED:
		return "given_up";
	case TRANSFER_NOT_TRIED:
	case TRANSFER_AWAY:
	case TRANSFER_AGAIN:
		break;
	}
	return "again";
}

/* To each destination whose time has come. */
static enum step
deliver(struct run *run, const struct failure_claim *claim, const char *trouble)
{
	struct claim_next next;
	enum transfer_result result;
	struct why why, reply;
	bool there;

	for (;;) {
		if (failure_claim_next(run->reporter, run->scratch, claim,
				       &next, &there, &why) != PG_DONE)
			return away(run, &why);
		if (!there)
			return finish(run, claim, trouble, NULL);
		result = send_to(run, claim, &next, &reply);
		if (failure_claim_result(run->reporter, run->scratch, &next,
					 result_word(result), reply.text,
					 &why) != PG_DONE)
			return away(run, &why);
		run->mails += result == TRANSFER_ACCEPTED;
		if (result != TRANSFER_AWAY)
			continue;
		finish(run, claim, reply.text, NULL);
		log_error("failure reports wait: %s", reply.text);
		run->is_waiting = true;
		return STEP_STOP;
	}
}

static enum step
work_on(struct run *run, const struct failure_claim *claim)
{
	const char *trouble = NULL, *final = NULL;
	struct why why;

	if (!claim->is_there)
		return finish(run, claim, "its failure has expired",
			      "given_up");
	if (!claim->decided &&
	    find_destinations(run, claim, &trouble, &final, &why) != PG_DONE)
		return away(run, &why);
	if (final != NULL)
		return finish(run, claim, trouble, final);
	return deliver(run, claim, trouble);
}

/* Before the first report: would our mail pass DMARC itself?  RFC 9991
 * section 5.1. */
static int
prepare(struct run *run)
{
	const struct config_reports *reports = run->reporter->reports;
	enum preflight_result result;
	struct why why;

	result = preflight_alignment(run->reporter, run->scratch, &why);
	if (result != PREFLIGHT_PASS) {
		if (reports->preflight_alignment == REPORTS_ALIGN_REQUIRE) {
			log_error("no failure report is sent: %s", why.text);
			return result == PREFLIGHT_FAIL ? EX_CONFIG
							: EX_TEMPFAIL;
		}
		log_warning("%s", why.text);
	}
	if (open_transfer(run, &why))
		return EX_OK;
	log_error("%s", why.text);
	return EX_CONFIG;
}

/* EX_OK to go on with the next. */
static int
take_one(struct run *run, bool *taken)
{
	struct failure_claim claim;
	struct why why;
	int status;

	arena_reset(run->scratch);
	if (failure_claim_take(run->reporter, run->scratch, &claim, taken,
			       &why) != PG_DONE) {
		away(run, &why);
		return EX_TEMPFAIL;
	}
	if (!*taken)
		return EX_OK;
	status = run->transfer != NULL ? EX_OK : prepare(run);
	if (status != EX_OK) {
		finish(run, &claim, "nothing can be sent now", NULL);
		return status;
	}
	return work_on(run, &claim) == STEP_GO_ON ? EX_OK : EX_TEMPFAIL;
}

static int
run_all(struct run *run)
{
	int64_t planned = 0;
	int status = EX_OK;
	bool taken = true;
	struct why why;

	if (failure_claim_plan(run->reporter, run->arena, &planned, &why) !=
	    PG_DONE) {
		away(run, &why);
		return EX_TEMPFAIL;
	}
	while (status == EX_OK && taken && !run->reporter->stopped())
		status = take_one(run, &taken);
	if (run->reports > 0)
		log_info("failure reports planned=%lld done=%llu mails=%llu",
			 (long long)planned, (unsigned long long)run->reports,
			 (unsigned long long)run->mails);
	if (status == EX_OK &&
	    failure_claim_expire(run->reporter, run->arena, &why) != PG_DONE)
		away(run, &why);
	return status == EX_OK && run->is_waiting ? EX_TEMPFAIL : status;
}

int
failure_send_run(struct reporter *reporter)
{
	struct run run = {.reporter = reporter};
	int status = EX_OK;

	/* send_run tells what is missing */
	if (!config_reports_can_send(reporter->reports, NULL))
		return EX_CONFIG;
	run.arena = arena_new();
	run.scratch = arena_new();
	status = run_all(&run);
	transfer_close(run.transfer);
	arena_free(run.scratch);
	arena_free(run.arena);
	return status;
}
