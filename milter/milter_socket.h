/* milter_socket.h - what libmilter leaves undone about its socket */
#ifndef MILTER_MILTER_SOCKET_H
#define MILTER_MILTER_SOCKET_H

#include <stdbool.h>

struct why;

/* False if somebody answers on a unix socket: libmilter would take it away
 * from a running program. */
bool milter_socket_is_free(const char *spec, struct why *why);

/* Sets mode and group of a unix socket; `group` may be NULL.  `octal` is the
 * mode as written in decimal digits: 660. */
bool milter_socket_own(const char *spec, unsigned octal, const char *group,
		       struct why *why);

/* Connects and closes, which wakes the listener. */
void milter_socket_touch(const char *spec);

#endif
