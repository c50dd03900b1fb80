#include "io/metrics_server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/metrics.h"

#define REQUEST_BYTES 4096
#define REPLY_BYTES (16u << 20)

struct metrics_server {
	const struct metrics *metrics;
	struct listen_address address;
	pthread_t thread;
	int listen_fd, stop_fd;
};

/* False at the deadline or when the server is to stop. */
static bool
wait_for(const struct metrics_server *server, int fd, short events,
	 struct deadline deadline)
{
	struct pollfd ready[2] = {
	    {.fd = fd, .events = events},
	    {.fd = server->stop_fd, .events = POLLIN},
	};
	int64_t left_ms = deadline_left_ms(deadline, clock_monotonic_ms());

	return left_ms > 0 && poll(ready, 2, (int)left_ms) > 0 &&
	       ready[1].revents == 0 && ready[0].revents != 0;
}

/* Reads up to the empty line; the length, or 0 if there is no request. */
static size_t
read_request(const struct metrics_server *server, int fd, char *request,
	     struct deadline deadline)
{
	size_t used = 0;
	ssize_t got;

	while (used < REQUEST_BYTES && wait_for(server, fd, POLLIN, deadline)) {
		got = recv(fd, request + used, REQUEST_BYTES - used, 0);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return 0;
		used += (size_t)got;
		if (memmem(request, used, "\r\n\r\n", 4) != NULL ||
		    memmem(request, used, "\n\n", 2) != NULL)
			return used;
	}
	return 0;
}

static void
send_all(const struct metrics_server *server, int fd, struct text reply,
	 struct deadline deadline)
{
	ssize_t sent;

	while (reply.len > 0 && wait_for(server, fd, POLLOUT, deadline)) {
		sent = send(fd, reply.at, reply.len, MSG_NOSIGNAL);
		if (sent < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (sent <= 0)
			return;
		reply = text_skip(reply, (size_t)sent);
	}
}

static const char *
status_of(struct text request)
{
	struct text method = text_first(request, text_find(request, ' '));
	struct text target = text_skip(request, method.len + 1);

	target = text_first(target, text_find(target, ' '));
	target = text_first(target, text_find(target, '?'));
	if (!text_equal(method, TEXT("GET")))
		return "405 Method Not Allowed";
	if (!text_equal(target, TEXT("/metrics")) &&
	    !text_equal(target, TEXT("/")))
		return "404 Not Found";
	return "200 OK";
}

static void
serve(const struct metrics_server *server, int fd)
{
	struct deadline deadline = clock_deadline_in(METRICS_VISIT_MS);
	struct arena *arena = arena_new();
	char request[REQUEST_BYTES];
	size_t length = read_request(server, fd, request, deadline);
	struct buf head, body;
	const char *status;

	buf_init(&head, arena, 512);
	buf_init(&body, arena, REPLY_BYTES);
	if (length > 0) {
		status = status_of(text_of(request, length));
		if (status[0] == '2')
			metrics_write(server->metrics, &body);
		else
			buf_printf(&body, "%s\n", status);
		buf_printf(&head,
			   "HTTP/1.0 %s\r\nContent-Type: text/plain; "
			   "version=0.0.4; charset=utf-8\r\nContent-Length: "
			   "%zu\r\nConnection: close\r\n\r\n",
			   status, body.len);
		send_all(server, fd, buf_view(&head), deadline);
		send_all(server, fd, buf_view(&body), deadline);
	}
	arena_free(arena);
}

static void *
run(void *handle)
{
	struct metrics_server *server = handle;
	struct pollfd ready[2] = {
	    {.fd = server->listen_fd, .events = POLLIN},
	    {.fd = server->stop_fd, .events = POLLIN},
	};
	int fd;

	for (;;) {
		if (poll(ready, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (ready[1].revents != 0)
			return NULL;
		fd = accept4(server->listen_fd, NULL, NULL,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			serve(server, fd);
			close(fd);
		} else if (errno == EMFILE || errno == ENFILE ||
			   errno == ENOMEM || errno == ENOBUFS) {
			/* no turning in circles until there is room again */
			poll(&ready[1], 1, 1000);
		}
	}
}

struct metrics_server *
metrics_server_open(const struct metrics *metrics,
		    const struct listen_address *address,
		    const struct listen_access *access, struct why *why)
{
	struct metrics_server *server;

	if (!listen_is_local(address)) {
		why_set(why, "metrics are for this host alone; write "
			     "unix:/path or inet:port@127.0.0.1");
		return NULL;
	}
	server = xcalloc(1, sizeof(*server));
	server->metrics = metrics;
	server->address = *address;
	server->stop_fd = eventfd(0, EFD_CLOEXEC);
	server->listen_fd = listen_open(address, access, why);
	if (server->listen_fd >= 0 && server->stop_fd >= 0 &&
	    pthread_create(&server->thread, NULL, run, server) == 0)
		return server;
	if (server->listen_fd >= 0) {
		why_set(why, "cannot start the thread for metrics");
		close(server->listen_fd);
	}
	if (server->stop_fd >= 0)
		close(server->stop_fd);
	free(server);
	return NULL;
}

void
metrics_server_close(struct metrics_server *server)
{
	uint64_t one = 1;

	if (server == NULL)
		return;
	while (write(server->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
	pthread_join(server->thread, NULL);
	listen_close(server->listen_fd, &server->address);
	close(server->stop_fd);
	free(server);
}

uint16_t
metrics_server_port(const struct metrics_server *server)
{
	return listen_port(server->listen_fd);
}
