/* deadline.h - the moment until which somebody waits
 *
 * Milliseconds of the monotonic clock.  Pure code gets deadlines as
 * parameters; io/clock.h makes them.
 */
#ifndef BASE_DEADLINE_H
#define BASE_DEADLINE_H

#include <stdint.h>

struct deadline {
	int64_t at_ms;
};

static inline struct deadline
deadline_after(int64_t now_ms, int64_t wait_ms)
{
	return (struct deadline){now_ms + wait_ms};
}

static inline struct deadline
deadline_earlier(struct deadline a, struct deadline b)
{
	return a.at_ms < b.at_ms ? a : b;
}

/* Milliseconds left, never below 0. */
static inline int64_t
deadline_left_ms(struct deadline deadline, int64_t now_ms)
{
	return deadline.at_ms > now_ms ? deadline.at_ms - now_ms : 0;
}

#endif
