/* service.h - a program that stays: signals and its supervisor
 *
 * Programs run in the foreground, log to standard error or syslog, and tell
 * the supervisor how they stand through $NOTIFY_SOCKET (sd_notify(3),
 * written here by hand: it is one datagram).
 */
#ifndef IO_SERVICE_H
#define IO_SERVICE_H

#include <stdbool.h>

struct why;

struct service_calls {
	void (*stop)(void *data);   /* SIGTERM, SIGINT */
	void (*reload)(void *data); /* SIGHUP */
	void *data;
	bool runs_programs; /* and so is not confined (confine.h) */
};

/* Blocks the three signals in the calling thread, and so in all that it
 * starts, ignores SIGPIPE, and starts a thread that waits for them.  Call it
 * before any other thread is started: from then on the process runs no other
 * program, unless `calls` says that it does.  `calls` is kept.  The thread
 * also gives the signs of life that $WATCHDOG_USEC asks for; a call that hangs
 * ends them. */
bool service_start(const struct service_calls *calls, struct why *why);

void service_ready(void);
/* Around a reload. */
void service_reloading(void);
void service_stopping(void);
/* One line that the supervisor shows. */
void service_status(const char *line);

#endif
