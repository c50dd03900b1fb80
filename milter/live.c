#include "milter/live.h"

#include <pthread.h>
#include <time.h>

#include "io/clock.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t idle = PTHREAD_COND_INITIALIZER;
static unsigned live;

void
live_begin(void)
{
	pthread_mutex_lock(&lock);
	live++;
	pthread_mutex_unlock(&lock);
}

void
live_end(void)
{
	pthread_mutex_lock(&lock);
	live--;
	if (live == 0)
		pthread_cond_signal(&idle);
	pthread_mutex_unlock(&lock);
}

bool
live_is_idle(void)
{
	bool none;

	pthread_mutex_lock(&lock);
	none = live == 0;
	pthread_mutex_unlock(&lock);
	return none;
}

void
live_wait(int64_t wait_ms)
{
	struct deadline deadline = clock_deadline_in(wait_ms);
	struct timespec until = {.tv_sec = deadline.at_ms / 1000,
				 .tv_nsec = deadline.at_ms % 1000 * 1000000};

	pthread_mutex_lock(&lock);
	while (live > 0 && clock_monotonic_ms() < deadline.at_ms)
		pthread_cond_clockwait(&idle, &lock, CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&lock);
}
