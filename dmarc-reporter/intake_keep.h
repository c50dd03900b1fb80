/* intake_keep.h - messages that were not counted, and why
 *
 * DIRECTORY/aside holds mail that may be a report and could not be read,
 * DIRECTORY/refused what is not trusted or not asked for.  Each message is a
 * file NAME.eml and one line of JSON beside it, NAME.json, which is written
 * last: a message without it is not there yet.  NAME begins with the time in
 * milliseconds, so names sort by time.
 */
#ifndef DMARC_REPORTER_INTAKE_KEEP_H
#define DMARC_REPORTER_INTAKE_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "dmarc-reporter/intake_events.h"

struct arena;
struct why;

struct intake_bin {
	const char *directory; /* DIRECTORY */
	const char *name;      /* "aside" or "refused" */
	uint64_t most_bytes;
	bool makes_room; /* the oldest go when it is full; else it stays full */
};

/* Keeps the message, and what can still be read from `rest` if that is not
 * below 0.  `*path` is where, in the arena.  False with the reason, a full bin
 * among them; then nothing of it is left. */
bool intake_keep(struct arena *arena, const struct intake_bin *bin,
		 const struct intake_arrival *arrival, struct text message,
		 int rest, struct text reason, struct text *path,
		 struct why *why);

/* --- trying again --- */

struct intake_kept {
	struct text name; /* without ".eml" */
	struct intake_kept *next;
};

/* All that is kept, oldest first. */
bool intake_kept_list(struct arena *arena, const struct intake_bin *bin,
		      struct intake_kept **first, struct why *why);

/* The message and its envelope. */
bool intake_kept_read(struct arena *arena, const struct intake_bin *bin,
		      struct text name, struct text *message,
		      struct intake_arrival *arrival, struct why *why);

bool intake_kept_remove(const struct intake_bin *bin, struct text name,
			struct why *why);

#endif
