/* deliver.h - finished reports to the mail server, one destination at a time
 *
 * The one part of the program that can send: a dry run does not open it.
 */
#ifndef REPORTER_DELIVER_H
#define REPORTER_DELIVER_H

#include "io/transfer.h"
#include "mailauth/verp.h"
#include "reporter/claim.h"
#include "reporter/pace.h"

struct buf;
struct deliver;
struct reporter;

/* One report to one destination. */
struct letter {
	const struct claim *claim;
	const struct claim_next *next; /* whom to */
	struct text gzip;
	const char *file_name;
	int64_t now_s;
};

/* How a kind of report (kind.h) travels. */
struct report_carrier {
	enum verp_kind verp;
	size_t mail_bytes; /* of the largest mail */
	bool (*compose)(struct reporter *reporter, struct arena *arena,
			const struct letter *letter, struct buf *mail,
			struct why *why);
	/* To a URI that is no mailto; NULL if the kind knows none. */
	enum transfer_result (*post)(struct reporter *reporter,
				     struct arena *arena,
				     const struct letter *letter,
				     struct why *why);
};

enum deliver_result {
	DELIVER_DONE = 1, /* nothing is left to do for this report now */
	DELIVER_STOP,	  /* the mail server is away, or refuses too much: the
			     run ends; `why` says what happened */
	DELIVER_DATABASE  /* the database is away */
};

struct deliver_counts {
	uint64_t sent, again, given_up;
};

/* Reads the key of the envelope sender; connects to nothing. */
struct deliver *deliver_open(struct arena *arena, struct reporter *reporter,
			     const struct report_carrier *carrier,
			     struct why *why);
/* NULL is allowed. */
void deliver_close(struct deliver *deliver);

/* Sends to every destination whose time has come, and marks each right after
 * the answer.  A kill between the two is the one case in which a destination
 * gets the report twice: with the same Report-ID, file name and bytes. */
enum deliver_result deliver_report(struct deliver *deliver,
				   const struct claim *claim, struct text gzip,
				   const char *file_name, struct pace *pace,
				   struct deliver_counts *counts,
				   struct why *why);

#endif
