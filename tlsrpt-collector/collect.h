/* collect.h - what all sources of signet-tls-collect share
 *
 * A source brings facts: datagrams, lines of a log.  It makes event lines of
 * them (mailtls/tls_event.h) and has them kept.
 */
#ifndef TLSRPT_COLLECTOR_COLLECT_H
#define TLSRPT_COLLECTOR_COLLECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "mailtls/tls_event.h"

struct collect;
struct collect_settings;
struct spool;
struct why;

/* One row for each in collect_main.c. */
struct collect_source {
	const char *name;
	/* Starts its threads.  `*handle` stays NULL if the settings do not ask
	 * for it.  False ends the program. */
	bool (*open)(struct collect *collect, void **handle, struct why *why);
	/* Takes in what has come, has it kept, ends.  After collect_stop. */
	void (*close)(void *handle);
};

struct collect *collect_open(const struct collect_settings *settings,
			     struct why *why);
void collect_close(struct collect *collect);

const struct collect_settings *collect_settings(const struct collect *collect);

/* The frame of an event of ours at that time, with a fresh UUID, which lies in
 * `id`. */
struct tls_event collect_event(const struct collect *collect, int64_t at_ms,
			       char id[37]);

/* Appends the line to the spool.  While the disk does not take it, this waits
 * and tries again; false only when the program is to end and a few seconds
 * did not help, and for a line above LIMIT_EVENT_BYTES.  What was given up is
 * counted and logged.  Any thread. */
bool collect_keep(struct collect *collect, struct text line);

/* From now on collect_keep waits a few seconds at most.  Any thread. */
void collect_stop(struct collect *collect);
bool collect_is_stopping(const struct collect *collect);

/* Lines kept, and lines given up. */
uint64_t collect_kept(const struct collect *collect);
uint64_t collect_lost(const struct collect *collect);
struct spool *collect_spool(const struct collect *collect);

#endif
