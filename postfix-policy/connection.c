#include "postfix-policy/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"

static pid_t
peer_of(int fd)
{
	struct ucred peer = {0};
	socklen_t length = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 ||
	    peer.pid < 0)
		return 0;
	return peer.pid;
}

/* Replies are small and whole: they do not wait for an acknowledgement.  Of a
 * unix socket it is refused, which is no matter. */
static void
send_at_once(int fd)
{
	int one = 1;

	(void)!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

struct connection *
connection_open(struct connection_shared *shared,
		const struct server_protocol *protocol, int fd)
{
	struct connection *connection = xcalloc(1, sizeof(*connection));
	struct epoll_event event = {.events = EPOLLIN,
				    .data = {.ptr = connection}};

	connection->shared = shared;
	connection->protocol = protocol;
	connection->fd = fd;
	connection->peer = peer_of(fd);
	if (connection->peer == 0)
		send_at_once(fd);
	connection->interest = EPOLLIN;
	connection->since_ms = shared->now_ms;
	if (epoll_ctl(shared->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return connection;
	close(fd);
	free(connection);
	return NULL;
}

void
connection_end(struct connection *connection)
{
	if (connection->fd < 0)
		return;
	close(connection->fd);
	connection->fd = -1;
	if (connection->waiting && connection->protocol->gone != NULL)
		connection->protocol->gone(connection->protocol->data,
					   connection);
	connection->waiting = false;
}

void
connection_free(struct connection *connection)
{
	free(connection->held);
	free(connection->rest);
	free(connection);
}

/* While a request waits or a reply is not taken, nothing is read. */
static void
set_interest(struct connection *connection)
{
	uint32_t wanted = connection->rest_bytes > 0 ? EPOLLOUT
			  : connection->waiting	     ? 0u
						     : (uint32_t)EPOLLIN;
	struct epoll_event event = {.events = wanted,
				    .data = {.ptr = connection}};

	if (connection->fd < 0 || wanted == connection->interest)
		return;
	connection->interest = wanted;
	if (epoll_ctl(connection->shared->epoll_fd, EPOLL_CTL_MOD,
		      connection->fd, &event) != 0)
		connection_end(connection);
}

/* --- output --- */

/* How much the client took; 0 if it is gone as well. */
static size_t
send_some(struct connection *connection, struct text output)
{
	ssize_t sent = send(connection->fd, output.at, output.len,
			    MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent >= 0)
		return (size_t)sent;
	if (errno != EAGAIN && errno != EINTR)
		connection_end(connection);
	return 0;
}

static void
keep_output(struct connection *connection, struct text output)
{
	if (connection->fd < 0 || output.len == 0)
		return;
	connection->rest =
	    xrealloc(connection->rest, connection->rest_bytes + output.len, 1);
	memcpy(connection->rest + connection->rest_bytes, output.at,
	       output.len);
	connection->rest_bytes += output.len;
	if (connection->part_ms == 0)
		connection->part_ms = connection->shared->now_ms;
}

static void
send_output(struct connection *connection, struct text output)
{
	size_t sent = 0;

	if (connection->fd < 0 || output.len == 0)
		return;
	if (connection->rest_bytes == 0)
		sent = send_some(connection, output);
	keep_output(connection, text_skip(output, sent));
}

static void
flush(struct connection *connection)
{
	struct connection_shared *shared = connection->shared;
	struct text output = text_of(shared->output, shared->output_bytes);

	shared->output_bytes = 0;
	send_output(connection, output);
}

/* What the requests of one read are answered goes out with one write. */
static void
gather(struct connection *connection, struct text reply)
{
	struct connection_shared *shared = connection->shared;

	if (reply.len > sizeof(shared->output) - shared->output_bytes)
		flush(connection);
	if (reply.len > sizeof(shared->output)) {
		send_output(connection, reply);
		return;
	}
	memcpy(shared->output + shared->output_bytes, reply.at, reply.len);
	shared->output_bytes += reply.len;
}

/* --- input --- */

static void
hold(struct connection *connection, struct text input)
{
	if (input.len == 0) {
		free(connection->held);
		connection->held = NULL;
	} else if (input.at != connection->held) {
		/* `input` may be the end of what is held */
		char *held = xcalloc(input.len, 1);

		memcpy(held, input.at, input.len);
		free(connection->held);
		connection->held = held;
	}
	connection->held_bytes = input.len;
}

static bool
may_take(const struct connection *connection)
{
	return connection->fd >= 0 && !connection->waiting &&
	       !connection->closing && connection->rest_bytes == 0;
}

/* One request; false if there is none at the start of the input. */
static bool
take_one(struct connection *connection, struct text *input)
{
	const struct server_protocol *protocol = connection->protocol;
	int64_t now_ms = connection->shared->now_ms;
	size_t used = 0;

	switch (protocol->take(protocol->data, connection, *input, &used)) {
	case SERVER_MORE:
		if (connection->part_ms == 0)
			connection->part_ms = now_ms;
		connection->closing = input->len > protocol->most_bytes;
		return false;
	case SERVER_ANSWERED:
		break;
	case SERVER_WAITING:
		connection->waiting = true;
		break;
	case SERVER_CLOSE:
		connection->closing = true;
		break;
	}
	*input = text_skip(*input, used);
	connection->since_ms = now_ms;
	connection->part_ms = 0;
	return true;
}

static void
take_all(struct connection *connection, struct text input)
{
	connection->shared->taking = connection;
	while (input.len > 0 && may_take(connection) &&
	       take_one(connection, &input))
		continue;
	flush(connection);
	connection->shared->taking = NULL;
	hold(connection, input);
}

/* After all that may have changed how the connection stands. */
static void
settle(struct connection *connection)
{
	bool is_done = connection->closing || connection->shared->draining;

	if (connection->fd >= 0 && is_done && connection->rest_bytes == 0 &&
	    !connection->waiting)
		connection_end(connection);
	else
		set_interest(connection);
}

void
connection_readable(struct connection *connection)
{
	struct connection_shared *shared = connection->shared;
	ssize_t got = recv(connection->fd, shared->input, sizeof(shared->input),
			   MSG_DONTWAIT);
	struct text input;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		connection_end(connection);
		return;
	}
	input = text_of(shared->input, (size_t)got);
	if (connection->held_bytes > 0) {
		connection->held = xrealloc(
		    connection->held, connection->held_bytes + input.len, 1);
		memcpy(connection->held + connection->held_bytes, input.at,
		       input.len);
		input = text_of(connection->held,
				connection->held_bytes + input.len);
	}
	take_all(connection, input);
	settle(connection);
}

static void
resume(struct connection *connection)
{
	if (connection->held_bytes > 0 && may_take(connection))
		take_all(connection,
			 text_of(connection->held, connection->held_bytes));
	settle(connection);
}

void
connection_writable(struct connection *connection)
{
	size_t sent = send_some(
	    connection, text_of(connection->rest + connection->rest_at,
				connection->rest_bytes - connection->rest_at));

	connection->rest_at += sent;
	if (connection->fd < 0 || connection->rest_at < connection->rest_bytes)
		return;
	free(connection->rest);
	connection->rest = NULL;
	connection->rest_at = connection->rest_bytes = 0;
	connection->part_ms = 0;
	connection->since_ms = connection->shared->now_ms;
	resume(connection);
}

/* --- for protocols --- */

void
server_reply(struct connection *connection, struct text reply)
{
	if (connection == connection->shared->taking) {
		gather(connection, reply);
		return;
	}
	connection->waiting = false;
	send_output(connection, reply);
	resume(connection);
}

int64_t
server_now_ms(const struct connection *connection)
{
	return connection->shared->now_ms;
}

pid_t
connection_peer(const struct connection *connection)
{
	return connection->peer;
}

void *
connection_own(struct connection *connection)
{
	return connection->own;
}
