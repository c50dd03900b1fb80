/* spool.h - facts on their way to the database
 *
 * SPOOL/open/PROGRAM.HOST.PID.SEQ.jsonl is being written, locked (flock)
 * by its writer; it is renamed to SPOOL/new/UNIXMS-PROGRAM.HOST.PID.SEQ.jsonl
 * after a second (a minute while more than 600 files wait for a loader that
 * is away), at 1 MiB, and when the spool is closed.  A file in open/
 * that can be locked was left by a writer that died: the loader takes it.
 * One line is one write(2): kill -9 loses nothing that was appended.
 *
 * UNIXMS is the time of the rename, in 13 digits.  Names are unique for all
 * processes on one file system, whatever their names and numbers.  A child
 * of fork cannot use the spool of its parent.
 */
#ifndef IO_SPOOL_H
#define IO_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct why;
struct spool;

enum spool_sync { SPOOL_SYNC_SECOND, SPOOL_SYNC_ALWAYS, SPOOL_SYNC_NEVER };

struct spool_options {
	const char *directory;
	const char *program;
	const char *host;
	enum spool_sync sync;
	uint64_t most_bytes; /* spool_max: new/ above it refuses lines; 0 none.
				Looked at now and then: it may be passed by
				what a few seconds bring */
	bool without_thread; /* for a program that forks: the child of a
				process with threads may find locks taken for
				ever.  Renaming and syncing are then done when
				a line comes, and at the close */
};

/* Makes open/ new/ bad/ below the directory if they are missing (0770).
 * Starts a thread that renames and syncs, or none.  Strings are copied. */
struct spool *spool_open(const struct spool_options *options, struct why *why);
void spool_close(struct spool *spool);

/* One JSON object without the line end.  Safe from any thread.  False with
 * the reason when the line could not be kept (disk full, spool_max); the
 * spool counts those and tries again with the next line. */
bool spool_append(struct spool *spool, struct text line, struct why *why);

/* Lines that could not be kept since the start, and bytes that wait in new/
 * and open/ as far as is known. */
uint64_t spool_lost(const struct spool *spool);
uint64_t spool_waiting_bytes(const struct spool *spool);

#endif
