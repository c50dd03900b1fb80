/* intake_flood.h - no more than so many reports of one sender on one day
 *
 * Counted in files, since the program has no database: DIRECTORY/counts/DAY/
 * holds one file for each sender's domain, as many bytes long as it sent
 * reports, and one for all.  Several processes may count at once.
 */
#ifndef DMARC_REPORTER_INTAKE_FLOOD_H
#define DMARC_REPORTER_INTAKE_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/domain.h"

struct arena;
struct why;

struct intake_flood {
	const char *directory;
	uint64_t daily, daily_all; /* 0: any number */
};

/* Counts one more; false with the reason when it is one too many.  What cannot
 * be counted is let through. */
bool intake_flood_admit(struct arena *arena, const struct intake_flood *flood,
			struct domain sender, int64_t now_ms, struct why *why);

#endif
