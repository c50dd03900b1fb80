/* intake_cell.h - work that may fail in any way, in a process of its own
 *
 * The work gets a sink; each piece that it puts there arrives at the caller's
 * sink, in one piece and in order.  Whatever becomes of the process, the
 * caller goes on.
 */
#ifndef DMARC_REPORTER_INTAKE_CELL_H
#define DMARC_REPORTER_INTAKE_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sink.h"

struct why;

/* Largest piece. */
#define INTAKE_PIECE_BYTES (600u << 10)

enum cell_end {
	CELL_DONE = 1, /* the work ended and returned true */
	CELL_FAILED,   /* it died, took too long or returned false */
	CELL_REFUSED   /* the caller's sink would not take a piece */
};

/* What it took. */
struct cell_cost {
	uint64_t memory_bytes; /* most that was resident */
	uint64_t cpu_ms;
};

/* Runs `work` in a child process under the limits of intake_sandbox.h, where
 * it may write to open files only if `writes_files`.  Unless the answer is
 * CELL_DONE, `why` says what happened.  The caller has no threads: a lock that
 * one of them held would stay taken in the child. */
enum cell_end cell_run(bool writes_files,
		       bool (*work)(void *data, struct sink to), void *data,
		       struct sink to, struct cell_cost *cost, struct why *why);

#endif
