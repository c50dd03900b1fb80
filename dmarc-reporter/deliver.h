/* deliver.h - finished reports to the mail server, one destination at a time
 *
 * The one part of the program that can send: a dry run does not open it.
 */
#ifndef DMARC_REPORTER_DELIVER_H
#define DMARC_REPORTER_DELIVER_H

#include "dmarc-reporter/claim.h"
#include "dmarc-reporter/pace.h"

struct deliver;
struct reporter;

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
			     struct why *why);
/* NULL is allowed. */
void deliver_close(struct deliver *deliver);

/* Sends to every destination whose time has come, and marks each right after
 * the mail server's answer.  A kill between the two is the one case in which
 * a destination gets the report twice: with the same Report-ID, file name and
 * bytes. */
enum deliver_result deliver_report(struct deliver *deliver,
				   const struct claim *claim, struct text gzip,
				   const char *file_name, struct pace *pace,
				   struct deliver_counts *counts,
				   struct why *why);

#endif
