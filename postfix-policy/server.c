#include "postfix-policy/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/why.h"
#include "base/xalloc.h"
#include "io/clock.h"
#include "io/log.h"
#include "postfix-policy/connection.h"

#define EVENTS 256
#define ACCEPTS 64     /* in one round */
#define SWEEP_MS 1000  /* between two looks at who is silent */
#define DRAIN_MS 30000 /* for what waits when the service stops */
#define TELL_MS 60000  /* between two lines about the same trouble */
#define MOST_LISTENERS 8

struct listener {
	int fd;
	const struct server_protocol *protocol;
	struct listen_address address;
};

struct server {
	struct connection_shared shared;
	struct server_options options;
	struct server_calls calls;
	struct listener listeners[MOST_LISTENERS];
	size_t listener_count;
	struct connection *first; /* all that are open */
	struct connection *ended; /* to be freed at the end of the round */
	size_t open;
	int wake_fd;
	bool stop;	/* set by other threads */
	bool is_paused; /* no room or no descriptors: nothing is accepted */
	int64_t sweep_ms, drain_ms, told_ms;
	struct server_counts counts;
};

static void
add(uint64_t *counter, int64_t by)
{
	__atomic_add_fetch(counter, (uint64_t)by, __ATOMIC_RELAXED);
}

/* --- connections --- */

static void
link_connection(struct server *server, struct connection *connection)
{
	connection->previous = NULL;
	connection->next = server->first;
	if (server->first != NULL)
		server->first->previous = connection;
	server->first = connection;
	server->open++;
	add(&server->counts.accepted, 1);
	add(&server->counts.open, 1);
}

static void
unlink_connection(struct server *server, struct connection *connection)
{
	*(connection->previous != NULL ? &connection->previous->next
				       : &server->first) = connection->next;
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	server->open--;
	add(&server->counts.open, -1);
}

/* Those that have ended, wherever that was.  Their memory stays for the rest of
 * the round: epoll may still speak of them. */
static void
collect_ended(struct server *server)
{
	struct connection *connection = server->first, *next;

	for (; connection != NULL; connection = next) {
		next = connection->next;
		if (connection->fd >= 0)
			continue;
		unlink_connection(server, connection);
		connection->next = server->ended;
		server->ended = connection;
	}
}

/* --- accepting --- */

static void
tell(struct server *server, const char *what)
{
	if (server->told_ms != 0 &&
	    server->shared.now_ms - server->told_ms < TELL_MS)
		return;
	server->told_ms = server->shared.now_ms;
	log_warning("%s; %zu connections are open", what, server->open);
}

static void
watch_listeners(struct server *server, bool watch)
{
	struct epoll_event event = {.events = watch ? (uint32_t)EPOLLIN : 0u};
	size_t i;

	for (i = 0; i < server->listener_count; i++) {
		event.data.ptr = &server->listeners[i];
		epoll_ctl(server->shared.epoll_fd, EPOLL_CTL_MOD,
			  server->listeners[i].fd, &event);
	}
	server->is_paused = !watch;
}

static bool
is_silent(const struct connection *connection)
{
	return connection->fd >= 0 && !connection->waiting &&
	       connection->rest_bytes == 0;
}

/* The one that was silent for longest makes room; Postfix opens another when
 * it needs one. */
static bool
make_room(struct server *server)
{
	struct connection *connection, *longest = NULL;

	if (server->open >= server->options.connections)
		collect_ended(server);
	if (server->open < server->options.connections)
		return true;
	for (connection = server->first; connection != NULL;
	     connection = connection->next)
		if (is_silent(connection) &&
		    (longest == NULL ||
		     connection->since_ms <= longest->since_ms))
			longest = connection;
	if (longest == NULL)
		return false;
	connection_end(longest);
	unlink_connection(server, longest);
	longest->next = server->ended;
	server->ended = longest;
	add(&server->counts.evicted, 1);
	tell(server, "as many connections as [policy] connections allows: "
		     "the one that was silent for longest was closed");
	return true;
}

static bool
accept_one(struct server *server, const struct listener *listener)
{
	struct connection *connection;
	int fd =
	    accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0) {
		connection =
		    connection_open(&server->shared, listener->protocol, fd);
		if (connection != NULL)
			link_connection(server, connection);
		return true;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
	    errno == ENOBUFS) {
		tell(server, "no more connections can be taken for now: the "
			     "system gives no descriptors or memory");
		watch_listeners(server, false);
	}
	return false;
}

static void
accept_some(struct server *server, const struct listener *listener)
{
	size_t i;

	for (i = 0; i < ACCEPTS; i++) {
		if (!make_room(server)) {
			tell(server, "all connections wait for an answer: no "
				     "more are taken for now");
			watch_listeners(server, false);
			return;
		}
		if (!accept_one(server, listener))
			return;
	}
}

/* --- the round --- */

static bool
is_late(const struct server *server, const struct connection *connection)
{
	int64_t now_ms = server->shared.now_ms;

	if (connection->waiting)
		return false;
	if (connection->part_ms != 0)
		return now_ms - connection->part_ms >=
		       server->options.request_ms;
	return now_ms - connection->since_ms >= server->options.idle_ms;
}

static void
sweep(struct server *server)
{
	struct connection *connection;

	if (server->shared.now_ms < server->sweep_ms)
		return;
	server->sweep_ms = server->shared.now_ms + SWEEP_MS;
	for (connection = server->first; connection != NULL;
	     connection = connection->next)
		if (connection->fd >= 0 && is_late(server, connection)) {
			connection_end(connection);
			add(&server->counts.timed_out, 1);
		}
	collect_ended(server);
	if (server->is_paused && !server->shared.draining)
		watch_listeners(server, true);
}

static const struct listener *
listener_of(const struct server *server, const void *pointer)
{
	size_t i;

	for (i = 0; i < server->listener_count; i++)
		if (pointer == &server->listeners[i])
			return &server->listeners[i];
	return NULL;
}

static void
serve_connection(struct server *server, struct connection *connection,
		 uint32_t events)
{
	if (connection->fd < 0)
		return;
	if (connection->rest_bytes > 0 && (events & EPOLLOUT) != 0)
		connection_writable(connection);
	else if (!connection->waiting && connection->rest_bytes == 0)
		connection_readable(connection);
	else if ((events & (EPOLLHUP | EPOLLERR)) != 0)
		connection_end(connection);
	if (connection->fd >= 0)
		return;
	unlink_connection(server, connection);
	connection->next = server->ended;
	server->ended = connection;
}

static void
serve_event(struct server *server, const struct epoll_event *event)
{
	const struct listener *listener;
	uint64_t woken;

	if (event->data.ptr == &server->wake_fd) {
		(void)!read(server->wake_fd, &woken, sizeof(woken));
		return;
	}
	listener = listener_of(server, event->data.ptr);
	if (listener == NULL)
		serve_connection(server, event->data.ptr, event->events);
	else if (!server->is_paused)
		accept_some(server, listener);
}

static void
free_ended(struct server *server)
{
	struct connection *connection;

	while ((connection = server->ended) != NULL) {
		server->ended = connection->next;
		connection_free(connection);
	}
}

static int
wait_ms(const struct server *server, int64_t tick_ms)
{
	int64_t now_ms = server->shared.now_ms, until_ms = tick_ms;

	if ((server->open > 0 || server->is_paused) &&
	    server->sweep_ms < until_ms)
		until_ms = server->sweep_ms;
	if (until_ms <= now_ms)
		return 0;
	return until_ms - now_ms > 3600000 ? 3600000 : (int)(until_ms - now_ms);
}

static void
round_once(struct server *server)
{
	struct epoll_event events[EVENTS];
	int64_t tick_ms =
	    server->calls.tick(server->calls.data, server->shared.now_ms);
	int count, i;

	/* a tick replies, and who was replied to may be gone */
	sweep(server);
	count = epoll_wait(server->shared.epoll_fd, events, EVENTS,
			   wait_ms(server, tick_ms));
	server->shared.now_ms = clock_monotonic_ms();
	for (i = 0; i < count; i++)
		serve_event(server, &events[i]);
	free_ended(server);
}

/* --- the end --- */

static void
close_listeners(struct server *server)
{
	size_t i;

	for (i = 0; i < server->listener_count; i++)
		listen_close(server->listeners[i].fd,
			     &server->listeners[i].address);
	server->listener_count = 0;
}

static void
begin_draining(struct server *server)
{
	struct connection *connection;

	server->shared.draining = true;
	server->drain_ms = server->shared.now_ms + DRAIN_MS;
	close_listeners(server);
	for (connection = server->first; connection != NULL;
	     connection = connection->next)
		if (is_silent(connection))
			connection_end(connection);
	collect_ended(server);
}

static void
end_all(struct server *server)
{
	struct connection *connection;

	for (connection = server->first; connection != NULL;
	     connection = connection->next)
		connection_end(connection);
	collect_ended(server);
	free_ended(server);
}

void
server_run(struct server *server)
{
	while (!__atomic_load_n(&server->stop, __ATOMIC_ACQUIRE))
		round_once(server);
	begin_draining(server);
	while (server->open > 0 && server->shared.now_ms < server->drain_ms) {
		round_once(server);
		collect_ended(server);
	}
	end_all(server);
}

/* --- from outside --- */

struct server *
server_new(const struct server_options *options,
	   const struct server_calls *calls, struct why *why)
{
	struct server *server = xcalloc(1, sizeof(*server));
	struct epoll_event event = {.events = EPOLLIN,
				    .data = {.ptr = &server->wake_fd}};

	server->options = *options;
	server->calls = *calls;
	server->shared.now_ms = clock_monotonic_ms();
	server->shared.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->shared.epoll_fd >= 0 && server->wake_fd >= 0 &&
	    epoll_ctl(server->shared.epoll_fd, EPOLL_CTL_ADD, server->wake_fd,
		      &event) == 0)
		return server;
	why_set(why, "cannot wait for events: %s", strerror(errno));
	server_free(server);
	return NULL;
}

void
server_free(struct server *server)
{
	if (server == NULL)
		return;
	close_listeners(server);
	end_all(server);
	if (server->shared.epoll_fd >= 0)
		close(server->shared.epoll_fd);
	if (server->wake_fd >= 0)
		close(server->wake_fd);
	free(server);
}

bool
server_listen(struct server *server, const struct server_protocol *protocol,
	      const struct listen_address *address,
	      const struct listen_access *access, struct why *why)
{
	struct listener *listener = &server->listeners[server->listener_count];
	struct epoll_event event = {.events = EPOLLIN,
				    .data = {.ptr = listener}};

	if (server->listener_count == MOST_LISTENERS)
		return why_set(why, "more than %d sockets to listen on",
			       MOST_LISTENERS);
	listener->protocol = protocol;
	listener->address = *address;
	listener->fd = listen_open(address, access, why);
	if (listener->fd < 0)
		return false;
	server->listener_count++;
	/* all smtp(8) of a host may come at once */
	if (listen(listener->fd, SOMAXCONN) == 0 &&
	    epoll_ctl(server->shared.epoll_fd, EPOLL_CTL_ADD, listener->fd,
		      &event) == 0)
		return true;
	return why_set(why, "cannot wait for connections: %s", strerror(errno));
}

void
server_stop(struct server *server)
{
	__atomic_store_n(&server->stop, true, __ATOMIC_RELEASE);
	server_wake(server);
}

void
server_wake(struct server *server)
{
	uint64_t one = 1;

	while (write(server->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		continue;
}

struct server_counts
server_counts(const struct server *server)
{
	struct server_counts counts;

	counts.accepted =
	    __atomic_load_n(&server->counts.accepted, __ATOMIC_RELAXED);
	counts.evicted =
	    __atomic_load_n(&server->counts.evicted, __ATOMIC_RELAXED);
	counts.timed_out =
	    __atomic_load_n(&server->counts.timed_out, __ATOMIC_RELAXED);
	counts.open = __atomic_load_n(&server->counts.open, __ATOMIC_RELAXED);
	return counts;
}
