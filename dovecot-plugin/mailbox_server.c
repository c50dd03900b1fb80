#include "dovecot-plugin/mailbox_server.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/why.h"
#include "base/xalloc.h"
#include "dovecot-plugin/event_owner.h"
#include "dovecot-plugin/mailbox_reply.h"
#include "dovecot-plugin/mailbox_settings.h"
#include "io/clock.h"
#include "io/in_work.h"
#include "io/listen.h"
#include "io/log.h"

/* From the connection to the end of the question; who asks gives up long
 * before. */
#define QUESTION_MS 3000
#define FIRST_BYTES (32u << 10)

struct visit {
	struct visit *next, *before; /* of those that are read */
	int fd;
	uid_t uid;
	char *bytes;
	size_t used, room;
	struct deadline deadline;
	int64_t asked_us;
};

struct mailbox_server {
	struct mailbox_server_options options;
	struct mailbox_reply *reply;
	int listening, epoll, wake;
	pthread_t reader, *workers;
	size_t worker_count;
	/* of the reader alone */
	struct visit *reading;
	size_t bytes;
	/* shared */
	pthread_mutex_t lock;
	pthread_cond_t asked;
	struct visit *queue, **queue_end;
	size_t queued_bytes;
	bool stopping;
	struct mailbox_server_counts counts;
};

static void
count(struct mailbox_server *server, uint64_t *counter, uint64_t by)
{
	pthread_mutex_lock(&server->lock);
	*counter += by;
	pthread_mutex_unlock(&server->lock);
}

/* --- answering --- */

static void
answer_visit(struct mailbox_server *server, const struct visit *visit,
	     struct arena *arena)
{
	const struct mailbox_reply_to to = {visit->fd, visit->uid,
					    visit->asked_us};
	struct text question = text_of(visit->bytes, visit->used);
	const char *end = memmem(question.at, question.len, "\n\n", 2);
	size_t head = end != NULL ? (size_t)(end - question.at) : 0;
	bool good;

	/* the same message to another account is the same piece */
	good = in_work_try("a question about",
			   text_first(text_skip(question, head + 2), 60),
			   text_skip(question, head)) &&
	       mailbox_reply(server->reply, arena, question, &to);
	in_work_done();
	pthread_mutex_lock(&server->lock);
	*(good ? &server->counts.asked : &server->counts.refused) += 1;
	pthread_mutex_unlock(&server->lock);
}

static struct visit *
next_question(struct mailbox_server *server)
{
	struct visit *visit;

	pthread_mutex_lock(&server->lock);
	while (server->queue == NULL && !server->stopping)
		pthread_cond_wait(&server->asked, &server->lock);
	visit = server->queue;
	if (visit != NULL) {
		server->queue = visit->next;
		if (server->queue == NULL)
			server->queue_end = &server->queue;
	}
	pthread_mutex_unlock(&server->lock);
	return visit;
}

static void
visit_free(struct visit *visit)
{
	close(visit->fd);
	free(visit->bytes);
	free(visit);
}

static void *
work(void *handle)
{
	struct mailbox_server *server = handle;
	struct arena *arena = arena_new();
	struct visit *visit;

	while ((visit = next_question(server)) != NULL) {
		answer_visit(server, visit, arena);
		arena_reset(arena);
		pthread_mutex_lock(&server->lock);
		server->counts.visits--;
		server->queued_bytes -= visit->room;
		pthread_mutex_unlock(&server->lock);
		visit_free(visit);
	}
	arena_free(arena);
	return NULL;
}

/* --- reading --- */

static void
unlink_visit(struct mailbox_server *server, struct visit *visit)
{
	*(visit->before != NULL ? &visit->before->next : &server->reading) =
	    visit->next;
	if (visit->next != NULL)
		visit->next->before = visit->before;
	server->bytes -= visit->room;
	epoll_ctl(server->epoll, EPOLL_CTL_DEL, visit->fd, NULL);
}

static void
give_up(struct mailbox_server *server, struct visit *visit, uint64_t *counter)
{
	unlink_visit(server, visit);
	pthread_mutex_lock(&server->lock);
	server->counts.visits--;
	*counter += 1;
	pthread_mutex_unlock(&server->lock);
	visit_free(visit);
}

static void
ask(struct mailbox_server *server, struct visit *visit)
{
	unlink_visit(server, visit);
	visit->next = NULL;
	visit->asked_us = mailbox_reply_now_us();
	pthread_mutex_lock(&server->lock);
	server->queued_bytes += visit->room;
	*server->queue_end = visit;
	server->queue_end = &visit->next;
	pthread_cond_signal(&server->asked);
	pthread_mutex_unlock(&server->lock);
}

static bool
has_room(struct mailbox_server *server, size_t more)
{
	size_t queued;

	pthread_mutex_lock(&server->lock);
	queued = server->queued_bytes;
	pthread_mutex_unlock(&server->lock);
	return server->bytes + queued + more <= SERVER_BYTES;
}

static bool
grow(struct mailbox_server *server, struct visit *visit)
{
	size_t most = server->options.settings->max_event;
	size_t room = visit->room == 0 ? FIRST_BYTES : visit->room * 2;

	if (visit->used < visit->room)
		return true;
	if (room > most)
		room = most;
	if (room <= visit->room || !has_room(server, room - visit->room))
		return false;
	visit->bytes = xrealloc(visit->bytes, room, 1);
	server->bytes += room - visit->room;
	visit->room = room;
	return true;
}

static void
read_visit(struct mailbox_server *server, struct visit *visit)
{
	ssize_t got;

	for (;;) {
		if (!grow(server, visit)) {
			give_up(server, visit, &server->counts.full);
			return;
		}
		got = recv(visit->fd, visit->bytes + visit->used,
			   visit->room - visit->used, MSG_DONTWAIT);
		if (got > 0) {
			visit->used += (size_t)got;
			continue;
		}
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (got == 0)
			ask(server, visit);
		else
			give_up(server, visit, &server->counts.refused);
		return;
	}
}

/* --- connections --- */

static bool
may_visit(struct mailbox_server *server, uid_t uid)
{
	const struct visit *visit;
	size_t of_uid = 0;
	bool room;

	pthread_mutex_lock(&server->lock);
	room = server->counts.visits < SERVER_VISITS;
	pthread_mutex_unlock(&server->lock);
	if (!room || event_owner_is_trusted(server->options.owner, uid))
		return room;
	for (visit = server->reading; visit != NULL; visit = visit->next)
		of_uid += visit->uid == uid;
	return of_uid < SERVER_VISITS / 4;
}

static void
add_visit(struct mailbox_server *server, int fd, uid_t uid)
{
	struct visit *visit = xcalloc(1, sizeof(*visit));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = visit};

	visit->fd = fd;
	visit->uid = uid;
	visit->deadline = clock_deadline_in(QUESTION_MS);
	visit->next = server->reading;
	if (visit->next != NULL)
		visit->next->before = visit;
	server->reading = visit;
	count(server, &server->counts.visits, 1);
	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		give_up(server, visit, &server->counts.full);
}

static void
accept_all(struct mailbox_server *server)
{
	struct ucred peer;
	socklen_t length;
	int fd;

	while ((fd = accept4(server->listening, NULL, NULL,
			     SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		length = sizeof(peer);
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) ==
			0 &&
		    may_visit(server, peer.uid)) {
			add_visit(server, fd, peer.uid);
			continue;
		}
		count(server, &server->counts.full, 1);
		close(fd);
	}
}

static void
end_late(struct mailbox_server *server)
{
	struct visit *visit, *next;
	int64_t now_ms = clock_monotonic_ms();

	for (visit = server->reading; visit != NULL; visit = next) {
		next = visit->next;
		if (deadline_left_ms(visit->deadline, now_ms) == 0)
			give_up(server, visit, &server->counts.late);
	}
}

static bool
is_stopping(struct mailbox_server *server)
{
	bool stopping;

	pthread_mutex_lock(&server->lock);
	stopping = server->stopping;
	pthread_mutex_unlock(&server->lock);
	return stopping;
}

static void *
read_all(void *handle)
{
	struct mailbox_server *server = handle;
	struct epoll_event events[64];
	int i, ready;

	while (!is_stopping(server)) {
		ready = epoll_wait(server->epoll, events, 64, 250);
		for (i = 0; i < ready; i++) {
			if (events[i].data.ptr == server)
				accept_all(server);
			else if (events[i].data.ptr != NULL)
				read_visit(server, events[i].data.ptr);
		}
		end_late(server);
	}
	while (server->reading != NULL)
		give_up(server, server->reading, &server->counts.late);
	return NULL;
}

/* --- opening --- */

static bool
watch(const struct mailbox_server *server, int fd, void *what)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

	return epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool
listen_on(struct mailbox_server *server, struct why *why)
{
	const struct mailbox_settings *settings = server->options.settings;
	struct listen_access access = {.group = settings->socket_group};
	struct listen_address address;

	if (!listen_parse_mode(settings->socket_mode, &access.mode, why) ||
	    !listen_parse(settings->socket, &address, why) ||
	    !listen_remove_stale(&address, why))
		return false;
	server->listening = listen_open(&address, &access, why);
	return server->listening >= 0;
}

static bool
start(struct mailbox_server *server, struct why *why)
{
	size_t wanted = server->options.settings->threads;

	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->workers = xcalloc(wanted, sizeof(*server->workers));
	if (!watch(server, server->listening, server) ||
	    !watch(server, server->wake, NULL) ||
	    pthread_create(&server->reader, NULL, read_all, server) != 0)
		return why_set(why, "no thread to read questions");
	while (server->worker_count < wanted &&
	       pthread_create(&server->workers[server->worker_count], NULL,
			      work, server) == 0)
		server->worker_count++;
	return server->worker_count > 0 ||
	       why_set(why, "no thread to answer questions");
}

struct mailbox_server *
mailbox_server_open(const struct mailbox_server_options *options,
		    struct why *why)
{
	struct mailbox_server *server = xcalloc(1, sizeof(*server));

	server->options = *options;
	server->reply = mailbox_reply_new(options);
	server->queue_end = &server->queue;
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->asked, NULL);
	if (!listen_on(server, why) || !start(server, why))
		return NULL; /* the program ends */
	return server;
}

static bool
join(pthread_t thread, int64_t wait_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)(wait_ms / 1000);
	return pthread_timedjoin_np(thread, NULL, &until) == 0;
}

bool
mailbox_server_stop(struct mailbox_server *server, int64_t wait_ms)
{
	const char *path;
	struct listen_address address;
	bool all = true;
	uint64_t one = 1;
	size_t i;

	if (!listen_is_given(server->listening) &&
	    listen_parse(server->options.settings->socket, &address, NULL) &&
	    (path = listen_path(&address)) != NULL)
		unlink(path);
	pthread_mutex_lock(&server->lock);
	server->stopping = true;
	pthread_cond_broadcast(&server->asked);
	pthread_mutex_unlock(&server->lock);
	(void)!write(server->wake, &one, sizeof(one));
	all = join(server->reader, wait_ms);
	for (i = 0; i < server->worker_count; i++)
		all = join(server->workers[i], wait_ms) && all;
	return all;
}

void
mailbox_server_close(struct mailbox_server *server)
{
	struct visit *visit;

	while ((visit = server->queue) != NULL) {
		server->queue = visit->next;
		visit_free(visit);
	}
	close(server->listening);
	close(server->epoll);
	close(server->wake);
	free(server->workers);
	mailbox_reply_free(server->reply);
	pthread_cond_destroy(&server->asked);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

struct mailbox_server_counts
mailbox_server_counts(struct mailbox_server *server)
{
	struct mailbox_server_counts counts;

	pthread_mutex_lock(&server->lock);
	counts = server->counts;
	pthread_mutex_unlock(&server->lock);
	return counts;
}
