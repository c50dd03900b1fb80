/* datagram.h - unix sockets that take datagrams
 *
 * One datagram is one event; nobody answers.  Linux keeps
 * net.unix.max_dgram_qlen of them for a receiver that is busy (10 unless told
 * otherwise) and refuses more, whatever SO_RCVBUF says: a receiver does
 * nothing but receive.
 */
#ifndef IO_DATAGRAM_H
#define IO_DATAGRAM_H

#include "io/listen.h"

/* Who may send.  `owner` NULL: the program's own user; another one takes
 * root. */
struct datagram_access {
	struct listen_access access;
	const char *owner;
};

/* A socket at a unix address (close-on-exec, not blocking), or -1.  One that
 * was left by a program that ended is removed; one that a program still
 * receives from is an error. */
int datagram_open(const struct listen_address *address,
		  const struct datagram_access *access, struct why *why);

/* How many datagrams Linux keeps for a receiver; 0 if that is not known. */
unsigned datagram_queue_length(void);

#endif
