/* receiver.h - takes datagrams from the system as fast as they come
 *
 * Two threads: one does nothing but receive (the system keeps a dozen
 * datagrams and refuses more), the other hands them to `take`, which may be
 * slow.  Between them waits at most LIMIT_TLSRPT_WAITING_BYTES; what comes
 * then is dropped.  What was dropped or too long is told by one line of the
 * log now and then, and counted.
 */
#ifndef TLSRPT_COLLECTOR_RECEIVER_H
#define TLSRPT_COLLECTOR_RECEIVER_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "io/datagram.h"

struct why;
struct receiver;

struct receiver_place {
	struct listen_address address; /* unix */
	struct datagram_access access;
};

struct receiver_calls {
	/* One datagram that came to places[place] at `at_ms` (Unix time).
	 * Called by one thread. */
	void (*take)(void *data, unsigned place, struct text datagram,
		     int64_t at_ms);
	void *data;
};

struct receiver_counts {
	uint64_t received; /* handed to `take`, or about to be */
	uint64_t dropped;  /* no memory was left */
	uint64_t too_long; /* above LIMIT_TLSRPT_DATAGRAM_BYTES */
	uint64_t waiting_bytes;
};

/* The places are copied, their strings are not.  NULL with a reason. */
struct receiver *receiver_open(const struct receiver_place *places,
			       size_t count, const struct receiver_calls *calls,
			       struct why *why);

/* Removes the sockets, then takes what was sent before, then returns.  NULL is
 * allowed. */
void receiver_close(struct receiver *receiver);

/* Any thread; NULL gives zeroes. */
struct receiver_counts receiver_counts(struct receiver *receiver);

#endif
