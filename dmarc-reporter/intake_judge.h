/* intake_judge.h - one message: is it a report, and does it count
 *
 * Runs in a process that may be ended at any moment (intake_cell.h); what it
 * finds out goes to a sink, piece by piece.  The first byte of a piece tells
 * what it is.
 */
#ifndef DMARC_REPORTER_INTAKE_JUDGE_H
#define DMARC_REPORTER_INTAKE_JUDGE_H

#include "base/sink.h"
#include "dmarc-reporter/intake_events.h"
#include "dmarc-reporter/intake_settings.h"

struct public_suffix_list;

enum intake_piece {
	PIECE_LINE = 'S',    /* a line for the spool */
	PIECE_SENDER = 'F',  /* it counts, and is from this domain; comes
				before its lines */
	PIECE_REFUSED = 'R', /* it does not count: the reason */
	PIECE_ASIDE = 'A',   /* it may be a report and cannot be read: why */
	PIECE_FROM = 'M',    /* the From field, for the log */
	PIECE_MESSAGE_ID = 'I',
	PIECE_LOG = 'L',   /* pairs for the log about what it is */
	PIECE_BOUNCE = 'B' /* it was about a report of ours: for the log */
};

struct intake_case {
	const struct intake_settings *settings;
	const struct public_suffix_list *suffixes;
	struct intake_arrival arrival; /* From and Message-ID are found here */
	struct text message;
};

/* True if all was said.  `data` is a struct intake_case. */
bool intake_judge(void *data, struct sink to);

#endif
