/* claim.h - reports as the database hands them out (sql/functions-reports.sql,
 * sql/functions-tls-reports.sql)
 *
 * A claim ends by time, so that another host takes over from one that has
 * died; functions that write say when it has.
 */
#ifndef REPORTER_CLAIM_H
#define REPORTER_CLAIM_H

#include "base/domain.h"
#include "io/pg.h"

struct destinations;
struct made;
struct reporter;

/* Longer than giving one message to the mail server may take, with all that
 * may stand between (config: smtp_timeout up to ten minutes). */
#define CLAIM_LEASE "20 minutes"

struct claim {
	int64_t id, number;
	struct domain policy_domain;
	int64_t begin, end; /* seconds; `end` is the first one behind the
			       period */
	struct text report_id, submitter;
	bool is_made;	       /* the file is kept in the database */
	struct text file_name; /* then its name */
	bool decided;	       /* so are all destinations */
	/* what the kind asked for: in this row, from this column on */
	const struct pg_rows *rows;
	size_t row;
	int column;
};

/* Which reports: NULL for all. */
struct claim_filter {
	const char *domain; /* policy domain */
	const char *day;    /* "2026-11-21" (UTC) */
};

/* How many reports something can be done for. */
enum pg_status claim_waiting(struct reporter *reporter, struct arena *arena,
			     const struct claim_filter *filter,
			     int64_t *waiting, struct why *why);

/* *taken is false when there is none.  Lives in the arena. */
enum pg_status claim_take(struct reporter *reporter, struct arena *arena,
			  const struct claim_filter *filter,
			  struct claim *claim, bool *taken, struct why *why);

/* For all that follow: PG_DONE with *ours false when the claim has passed to
 * somebody else. */
enum pg_status claim_keep_destinations(struct reporter *reporter,
				       struct arena *arena,
				       const struct claim *claim,
				       const struct destinations *found,
				       bool *ours, struct why *why);
enum pg_status claim_keep_made(struct reporter *reporter, struct arena *arena,
			       const struct claim *claim,
			       const struct made *made, bool *ours,
			       struct why *why);

/* The kept file. */
enum pg_status claim_gzip(struct reporter *reporter, struct arena *arena,
			  const struct claim *claim, struct text *gzip,
			  struct why *why);

struct claim_next {
	int64_t id;	     /* of the destination */
	const char *address; /* of mailto; else empty */
	const char *uri;
};

/* The next destination to send to; *there is false when there is none now,
 * or the claim is lost. */
enum pg_status claim_next(struct reporter *reporter, struct arena *arena,
			  const struct claim *claim, struct claim_next *next,
			  bool *there, struct why *why);

/* `result`: "sent", "again", "given_up". */
enum pg_status claim_result(struct reporter *reporter, struct arena *arena,
			    const struct claim_next *next, const char *result,
			    const char *reply, struct why *why);

struct claim_end {
	struct text state, reason, next_at, destinations; /* empty: lost */
};

/* `trouble` (or NULL) stands in the way of going on; `final` (or NULL) is the
 * state the report ends in whatever its destinations say. */
enum pg_status claim_finish(struct reporter *reporter, struct arena *arena,
			    const struct claim *claim, const char *trouble,
			    const char *final, struct claim_end *end,
			    struct why *why);

/* Deletes rows of reports that are older than `retain_s` of the reporter. */
enum pg_status claim_expire(struct reporter *reporter, struct arena *arena,
			    struct why *why);

#endif
