/* failure_claim.h - failure reports as the database hands them out
 * (sql/functions-reports-failures.sql)
 *
 * Claims are as in claim.h: a lease by time; who has lost one changes nothing.
 */
#ifndef DMARC_REPORTER_FAILURE_CLAIM_H
#define DMARC_REPORTER_FAILURE_CLAIM_H

#include "mailauth/arf.h"
#include "reporter/claim.h"

struct destinations;
struct reporter;

struct failure_claim {
	int64_t id, number;
	struct domain policy_domain;
	struct text from_domain;
	int64_t failure_s; /* when the message that it shows came */
	bool decided;	   /* so are all destinations */
	bool is_there;	   /* the failure has not expired */
	struct text spf_domain, spf_record;
	/* what the database knows of it; text, spf_dns, user_agent,
	 * reporting_mta and arrival_date are the composer's */
	struct arf_failure failure;
	struct text host; /* that took the message in */
};

/* Makes reports of new failures, within the limits of the hour. */
enum pg_status failure_claim_plan(struct reporter *reporter,
				  struct arena *arena, int64_t *new_reports,
				  struct why *why);

/* *taken is false when there is none.  Lives in the arena. */
enum pg_status failure_claim_take(struct reporter *reporter,
				  struct arena *arena,
				  struct failure_claim *claim, bool *taken,
				  struct why *why);

/* *ours is false when the claim has passed to somebody else. */
enum pg_status failure_claim_keep(struct reporter *reporter,
				  struct arena *arena,
				  const struct failure_claim *claim,
				  const struct destinations *found, bool *ours,
				  struct why *why);

/* As claim_next and claim_result. */
enum pg_status failure_claim_next(struct reporter *reporter,
				  struct arena *arena,
				  const struct failure_claim *claim,
				  struct claim_next *next, bool *there,
				  struct why *why);
enum pg_status failure_claim_result(struct reporter *reporter,
				    struct arena *arena,
				    const struct claim_next *next,
				    const char *result, const char *reply,
				    struct why *why);

/* `trouble` and `final` as in claim_finish; *state is empty if the claim was
 * lost. */
enum pg_status failure_claim_finish(struct reporter *reporter,
				    struct arena *arena,
				    const struct failure_claim *claim,
				    const char *trouble, const char *final,
				    struct text *state, struct why *why);

/* Deletes reports that are older than [dmarc_report] retain. */
enum pg_status failure_claim_expire(struct reporter *reporter,
				    struct arena *arena, struct why *why);

#endif
