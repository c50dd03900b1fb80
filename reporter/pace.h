/* pace.h - a run spread over time, and ended when nothing is taken
 *
 * Receivers of many reports at once refuse mail from who sends them, so a run
 * waits between its reports, never the same time twice; and a mail server
 * that takes nothing is not asked ten thousand times.
 */
#ifndef REPORTER_PACE_H
#define REPORTER_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_MOST_MS (5 * 60 * 1000)

struct pace {
	int64_t mean_ms; /* between two reports; 0: none */
	uint64_t failures, most_failures;
};

/* `spread_s` over so many reports, five minutes at most between two. */
struct pace pace_of(uint64_t spread_s, int64_t reports, uint64_t most_failures);

/* The next pause: between half and one and a half times the mean; `random` is
 * any number. */
int64_t pace_next_ms(const struct pace *pace, uint32_t random);

/* Counts failures in a row; false when there were too many. */
bool pace_note(struct pace *pace, bool taken);

/* Waits so long, or until stopped() says true. */
void pace_wait(int64_t pause_ms, bool (*stopped)(void));

#endif
