#include "reporter/pace.h"

#include <poll.h>
#include <stddef.h>

#include "io/clock.h"

#define LOOK_MS 500

struct pace
pace_of(uint64_t spread_s, int64_t reports, uint64_t most_failures)
{
	struct pace pace = {.most_failures = most_failures};

	if (reports > 1)
		pace.mean_ms = (int64_t)spread_s * 1000 / reports;
	if (pace.mean_ms > PACE_MOST_MS)
		pace.mean_ms = PACE_MOST_MS;
	return pace;
}

int64_t
pace_next_ms(const struct pace *pace, uint32_t random)
{
	return pace->mean_ms / 2 + pace->mean_ms * (random % 1000) / 1000;
}

bool
pace_note(struct pace *pace, bool taken)
{
	pace->failures = taken ? 0 : pace->failures + 1;
	return pace->failures < pace->most_failures;
}

void
pace_wait(int64_t pause_ms, bool (*stopped)(void))
{
	struct deadline end = clock_deadline_in(pause_ms);
	int64_t left_ms;

	while ((left_ms = deadline_left_ms(end, clock_monotonic_ms())) > 0 &&
	       !stopped())
		poll(NULL, 0, (int)(left_ms < LOOK_MS ? left_ms : LOOK_MS));
}
