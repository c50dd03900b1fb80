/* connection.h - one client of the server: its bytes in both directions
 *
 * The inside of server.h, for server.c alone.
 */
#ifndef POLICY_CONNECTION_H
#define POLICY_CONNECTION_H

#include "postfix-policy/server.h"

/* What one read may bring, and how much is gathered for one write. */
#define CONNECTION_READ_BYTES (16u << 10)
#define CONNECTION_WRITE_BYTES (32u << 10)

/* What the connections of a server share. */
struct connection_shared {
	int epoll_fd;
	int64_t now_ms;
	bool draining; /* a connection ends with its reply */
	char input[CONNECTION_READ_BYTES];
	char output[CONNECTION_WRITE_BYTES];
	size_t output_bytes;
	struct connection *taking; /* whose requests are being taken */
};

struct connection {
	struct connection *next, *previous;
	struct connection_shared *shared;
	const struct server_protocol *protocol;
	int fd; /* -1: ended */
	pid_t peer;
	uint32_t interest; /* epoll */
	bool waiting;	   /* for server_reply */
	bool closing;	   /* once its replies are sent */
	char *held;	   /* input that was not taken */
	size_t held_bytes;
	char *rest; /* output that the client has not taken */
	size_t rest_at, rest_bytes;
	int64_t since_ms; /* the last request, or the beginning */
	int64_t part_ms;  /* half a request is there, or a reply is not taken;
			     0: neither */
	_Alignas(16) char own[CONNECTION_OWN_BYTES];
};

/* `fd` is the connection's now, closed if this fails. */
struct connection *connection_open(struct connection_shared *shared,
				   const struct server_protocol *protocol,
				   int fd);

/* Ends it; the memory stays until connection_free. */
void connection_end(struct connection *connection);
void connection_free(struct connection *connection);

/* What epoll told.  The connection may have ended afterwards. */
void connection_readable(struct connection *connection);
void connection_writable(struct connection *connection);

#endif
