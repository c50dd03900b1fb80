/* spool_limit.h - keeps the spool below its ceiling while the database is away
 *
 * Oldest first: files are reduced to the evaluations in them (event_reduce.h),
 * and only when all are reduced are whole files given up.  What was dropped is
 * counted in SPOOL/dropped, which survives a restart.
 */
#ifndef SQL_SPOOL_LIMIT_H
#define SQL_SPOOL_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct spool_reader;
struct spool_list;
struct why;

/* Since the spool was made. */
struct spool_dropped {
	uint64_t messages;    /* ledger rows */
	uint64_t evaluations; /* lines with an evaluation */
};

/* Zero if nothing was ever dropped. */
struct spool_dropped spool_limit_read(struct spool_reader *reader);

/* If new/ holds more than nine tenths of `most_bytes`, drops until it holds
 * less than eight tenths; a spool with very many files takes several calls.
 * `list` is working space.  True if it dropped anything; `why` then says what.
 * Trouble is told in `why` with false (empty: none). */
bool spool_limit_apply(struct spool_reader *reader, struct spool_list *list,
		       uint64_t most_bytes, struct spool_dropped *dropped,
		       struct why *why);

#endif
