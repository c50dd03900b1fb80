/* event_reduce.h - takes from an event line what the ledger alone needs
 *
 * When the spool is full, the ledger is given up before the evaluations that
 * reports are made of: the line keeps the members that
 * signet.dmarc_evaluation is filled from and says "ledger":false.
 */
#ifndef SQL_EVENT_REDUCE_H
#define SQL_EVENT_REDUCE_H

#include "base/text.h"

struct buf;

enum reduce_result {
	REDUCE_NOT_DONE,
	REDUCE_EMPTY,	/* nothing in it but ledger */
	REDUCE_SMALLER, /* the reduced line is in `to`, without a line end */
	REDUCE_AS_IS,	/* reduced before, or of a type without a ledger row */
	REDUCE_UNREADABLE
};

enum reduce_result event_reduce(struct text line, struct buf *to);

#endif
