/* kind.h - what tells one kind of report from another
 *
 * A run (send.h) is the same for DMARC and for TLS reports; what differs is
 * here, as a table of functions, and for what only sending needs in deliver.h.
 * sql/ has functions signet.SQL_claim and so on for each kind.
 */
#ifndef REPORTER_KIND_H
#define REPORTER_KIND_H

#include "io/pg.h"
#include "reporter/destination.h"

struct arena;
struct claim;
struct reporter;
struct why;

enum make_result {
	MAKE_DONE = 1,
	MAKE_EMPTY,  /* nothing is left to report, or nothing that can be
			expressed */
	MAKE_FAULTY, /* the pre-flight check found a fault */
	MAKE_LATER,  /* DNS did not tell: `why` says what */
	MAKE_AWAY    /* database: try again */
};

/* A finished report. */
struct made {
	struct text gzip; /* the file; in the arena */
	const char *file_name;
	uint64_t counted; /* messages, sessions */
	uint64_t records;
	uint64_t left_out;	  /* of what is counted: what the format cannot
				     express */
	const char *left_out_why; /* the first of them */
	uint64_t bytes;		  /* before compression */
};

struct report_kind {
	const char *program;
	const char *sql;     /* "dmarc_report" */
	const char *columns; /* of SQL_claim, beside those of every kind */
	const char *counted; /* "messages": for the log */
	bool must_sign;	     /* a DKIM key is needed; SPF is not enough */

	/* Plans what is due. */
	enum pg_status (*plan)(struct reporter *reporter, struct arena *arena,
			       int64_t *new_reports, struct why *why);
	/* Asks the DNS who wants the report. */
	void (*find)(struct reporter *reporter, struct arena *arena,
		     const struct claim *claim, struct destinations *found);
	enum make_result (*make)(struct reporter *reporter, struct arena *arena,
				 const struct claim *claim, struct made *made,
				 struct why *why);
};

#endif
