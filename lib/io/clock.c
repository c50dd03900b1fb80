#include "io/clock.h"

#include <time.h>

static int64_t
read_ms(clockid_t which)
{
	struct timespec now;

	clock_gettime(which, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_monotonic_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

int64_t
clock_unix_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

struct deadline
clock_deadline_in(int64_t wait_ms)
{
	return deadline_after(clock_monotonic_ms(), wait_ms);
}
