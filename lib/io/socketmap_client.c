#include "io/socketmap_client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/scan.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/listen.h"

struct socketmap_client {
	struct arena *arena;
	int socket;
};

static void
client_close(void *handle)
{
	struct socketmap_client *client = handle;

	if (client->socket >= 0)
		close(client->socket);
}

static bool
wait_for(int fd, short events, struct deadline deadline, struct why *why)
{
	struct pollfd one = {.fd = fd, .events = events};
	int64_t left;
	int ready;

	do {
		left = deadline_left_ms(deadline, clock_monotonic_ms());
		ready = poll(&one, 1, left > INT_MAX ? INT_MAX : (int)left);
	} while (ready < 0 && errno == EINTR);
	if (ready > 0)
		return true;
	return ready == 0 ? why_set(why, "no answer in time")
			  : why_set(why, "poll: %s", strerror(errno));
}

/* What became of a connection that is being made. */
static bool
is_connected(int fd, struct deadline deadline, struct why *why)
{
	socklen_t size = sizeof(int);
	int error = 0;

	if (!wait_for(fd, POLLOUT, deadline, why))
		return false;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	return error == 0 || why_set(why, "%s", strerror(error));
}

struct socketmap_client *
socketmap_client_open(struct arena *arena, const struct listen_address *server,
		      struct deadline deadline, struct why *why)
{
	struct socketmap_client *client =
	    arena_new_value(arena, struct socketmap_client);

	client->arena = arena;
	client->socket = socket(server->socket.ss_family,
				SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	arena_defer(arena, client_close, client);
	if (client->socket < 0) {
		why_set(why, "socket: %s", strerror(errno));
		return NULL;
	}
	if (connect(client->socket, (const struct sockaddr *)&server->socket,
		    server->length) == 0)
		return client;
	if (errno != EINPROGRESS) {
		why_set(why, "%s", strerror(errno));
		return NULL;
	}
	return is_connected(client->socket, deadline, why) ? client : NULL;
}

static bool
send_all(struct socketmap_client *client, struct text bytes,
	 struct deadline deadline, struct why *why)
{
	ssize_t n;

	while (bytes.len > 0) {
		n = send(client->socket, bytes.at, bytes.len, MSG_NOSIGNAL);
		if (n >= 0)
			bytes = text_skip(bytes, (size_t)n);
		else if (errno == EAGAIN) {
			if (!wait_for(client->socket, POLLOUT, deadline, why))
				return false;
		} else if (errno != EINTR)
			return why_set(why, "cannot ask: %s", strerror(errno));
	}
	return true;
}

static bool
receive(struct socketmap_client *client, char *to, size_t count,
	struct deadline deadline, struct why *why)
{
	size_t have = 0;
	ssize_t n;

	while (have < count) {
		if (!wait_for(client->socket, POLLIN, deadline, why))
			return false;
		n = recv(client->socket, to + have, count - have, 0);
		if (n == 0)
			return why_set(why, "closed without an answer");
		if (n > 0)
			have += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			return why_set(why, "%s", strerror(errno));
	}
	return true;
}

/* The number in front, up to its colon. */
static bool
receive_length(struct socketmap_client *client, size_t *length,
	       struct deadline deadline, struct why *why)
{
	char c = '\0';
	size_t digits = 0;

	for (*length = 0;; digits++) {
		if (!receive(client, &c, 1, deadline, why))
			return false;
		if (c == ':' && digits > 0)
			return true;
		if (c < '0' || c > '9')
			return why_set(why, "what came is no netstring");
		*length = *length * 10 + (size_t)(c - '0');
		if (*length > LIMIT_SOCKETMAP_REPLY_BYTES)
			return why_set(why, "a reply of more than %u bytes",
				       LIMIT_SOCKETMAP_REPLY_BYTES);
	}
}

static bool
receive_reply(struct socketmap_client *client, struct text *reply,
	      struct deadline deadline, struct why *why)
{
	size_t length;
	char *bytes;

	if (!receive_length(client, &length, deadline, why))
		return false;
	bytes = arena_bytes(client->arena, length + 1);
	if (!receive(client, bytes, length + 1, deadline, why))
		return false;
	*reply = text_of(bytes, length);
	return bytes[length] == ',' ||
	       why_set(why, "what came is no netstring");
}

static enum socketmap_status
read_reply(struct text reply, struct text *text, struct why *why)
{
	static const struct {
		const char *word;
		enum socketmap_status status;
	} words[] = {{"OK", SOCKETMAP_OK},
		     {"NOTFOUND", SOCKETMAP_NOTFOUND},
		     {"TEMP", SOCKETMAP_TEMP},
		     {"TIMEOUT", SOCKETMAP_TEMP},
		     {"PERM", SOCKETMAP_PERM}};
	struct scan in;
	struct text word;
	size_t i;

	scan_init(&in, reply);
	word = scan_until(&in, ' ');
	*text = scan_rest(&in);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (text_equal(word, text_from(words[i].word)))
			return words[i].status;
	why_set(why, "a reply that begins with no word of socketmap");
	return SOCKETMAP_NOT_ASKED;
}

enum socketmap_status
socketmap_ask(struct socketmap_client *client, struct text map, struct text key,
	      struct deadline deadline, struct text *text, struct why *why)
{
	const char *question =
	    arena_printf(client->arena, "%zu:" TEXT_FMT " " TEXT_FMT ",",
			 map.len + 1 + key.len, TEXT_ARG(map), TEXT_ARG(key));
	struct text reply;

	*text = TEXT("");
	if (!send_all(client, text_from(question), deadline, why) ||
	    !receive_reply(client, &reply, deadline, why))
		return SOCKETMAP_NOT_ASKED;
	return read_reply(reply, text, why);
}
