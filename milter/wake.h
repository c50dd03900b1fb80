/* wake.h - no task of libmilter lies while a message waits
 *
 * libmilter's pool counts a worker as idle until it has woken, so of two tasks
 * that become ready at once both may be left to one worker.  It takes the
 * first; the second lies until any worker has ended what it does or a new one
 * is made, and for that an event is needed.  With workers that wait for the
 * DNS, that may be seconds.
 *
 * While a message waits for its verdict, a thread therefore opens and closes a
 * connection to our own socket each WAKE_MS.  libmilter gives it to a worker,
 * a new one if none is idle, which ends it at once and then takes what lies.
 * Such a connection says nothing, so it is no session and no message to us.
 */
#ifndef MILTER_WAKE_H
#define MILTER_WAKE_H

#include <stdbool.h>

struct listen_address;
struct why;

#define WAKE_MS 25

/* `address` is kept.  One at a time in a process. */
bool wake_start(const struct listen_address *address, struct why *why);
void wake_stop(void);

/* Around what a worker may wait in. */
void wake_begin(void);
void wake_end(void);

#endif
