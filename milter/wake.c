#include "milter/wake.h"

#include <pthread.h>
#include <time.h>

#include "base/why.h"
#include "io/clock.h"
#include "io/listen.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed; /* by the monotonic clock */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned waiting; /* workers */
static bool stop;
static const struct listen_address *own_socket;
static pthread_t thread;

/* Until WAKE_MS have gone; sooner if the end has come. */
static void
rest(void)
{
	int64_t end_ms = clock_monotonic_ms() + WAKE_MS;
	struct timespec until = {.tv_sec = end_ms / 1000,
				 .tv_nsec = end_ms % 1000 * 1000000};

	while (!stop && clock_monotonic_ms() < end_ms)
		pthread_cond_timedwait(&changed, &lock, &until);
}

static void *
wake(void *unused)
{
	pthread_mutex_lock(&lock);
	while (!stop) {
		if (waiting == 0) {
			pthread_cond_wait(&changed, &lock);
			continue;
		}
		rest();
		if (stop || waiting == 0)
			continue;
		pthread_mutex_unlock(&lock);
		listen_touch(own_socket);
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void
init_changed(void)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

bool
wake_start(const struct listen_address *address, struct why *why)
{
	pthread_once(&once, init_changed);
	own_socket = address;
	stop = false;
	return pthread_create(&thread, NULL, wake, NULL) == 0 ||
	       why_set(why, "cannot start the thread that wakes libmilter");
}

void
wake_stop(void)
{
	pthread_mutex_lock(&lock);
	stop = true;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
}

void
wake_begin(void)
{
	pthread_mutex_lock(&lock);
	if (waiting++ == 0)
		pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

void
wake_end(void)
{
	pthread_mutex_lock(&lock);
	waiting--;
	pthread_mutex_unlock(&lock);
}
