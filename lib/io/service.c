#include "io/service.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/confine.h"

static void
notify(const char *message)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t length = path != NULL ? strlen(path) : 0;
	int fd;

	if (length < 2 || length >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, length);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Nobody listening is the supervisor's affair, not ours. */
	(void)!sendto(
	    fd, message, strlen(message), MSG_NOSIGNAL,
	    (const struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	close(fd);
}

void
service_ready(void)
{
	notify("READY=1");
}

void
service_reloading(void)
{
	char message[80];

	snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%lld",
		 (long long)clock_monotonic_ms() * 1000);
	notify(message);
}

void
service_stopping(void)
{
	notify("STOPPING=1");
}

void
service_status(const char *line)
{
	char message[300];

	snprintf(message, sizeof(message), "STATUS=%s", line);
	notify(message);
}

static void
wanted_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

/* Half of what the supervisor allows between two signs of life, so that one
 * may be late; 0 if it wants none. */
static uint64_t
watchdog_ms(void)
{
	const char *time = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	uint64_t usec, id;

	if (!text_to_u64(text_from(time), UINT64_MAX, &usec) ||
	    (pid != NULL && (!text_to_u64(text_from(pid), INT32_MAX, &id) ||
			     (pid_t)id != getpid())))
		return 0;
	return usec / 2000 > 0 ? usec / 2000 : 1;
}

/* sigwaitinfo and its kin, not sigwait: signet-milter has to take the latter
 * away from libmilter (milter/glue.c). */
static int
next_signal(const sigset_t *set, uint64_t pause_ms)
{
	struct timespec pause = {(time_t)(pause_ms / 1000),
				 (long)(pause_ms % 1000) * 1000000};

	if (pause_ms == 0)
		return sigwaitinfo(set, NULL);
	return sigtimedwait(set, NULL, &pause);
}

static void *
wait_for_signals(void *argument)
{
	const struct service_calls *calls = argument;
	uint64_t pause_ms = watchdog_ms();
	sigset_t set;

	wanted_signals(&set);
	for (;;) {
		int number = next_signal(&set, pause_ms);

		if (number == SIGHUP)
			calls->reload(calls->data);
		else if (number == SIGTERM || number == SIGINT)
			calls->stop(calls->data);
		if (pause_ms > 0)
			notify("WATCHDOG=1");
	}
	return NULL;
}

bool
service_start(const struct service_calls *calls, struct why *why)
{
	pthread_t thread;
	sigset_t set;
	int error;

	if (!calls->runs_programs && !confine(why))
		return false;
	signal(SIGPIPE, SIG_IGN);
	wanted_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	error = pthread_create(&thread, NULL, wait_for_signals,
			       (void *)(uintptr_t)calls);
	if (error != 0)
		return why_set(why, "cannot start a thread: %s",
			       strerror(error));
	pthread_detach(thread);
	return true;
}
