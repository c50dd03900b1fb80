#include "lib.h"
#include "compat.h"
#include "buffer.h"
#include "istream.h"
#include "str.h"
#include "signet-client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* An answer has a mailbox, a few words and a few header fields. */
#define SIGNET_ANSWER_MAX_SIZE (64 * 1024)

struct signet_client {
	const struct signet_question *question;
	buffer_t *answer;
	int fd;
	/* CLOCK_MONOTONIC */
	long long deadline_usecs;
	bool answered;
	const char *error;
};

static long long signet_client_now(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) < 0)
		i_fatal("clock_gettime(CLOCK_MONOTONIC) failed: %m");
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

void signet_client_encode(string_t *dest, const char *value)
{
	const unsigned char *p;

	for (p = (const unsigned char *)value; *p != '\0'; p++) {
		if (*p < 0x21 || *p == 0x7f || *p == '%')
			str_printfa(dest, "%%%02X", *p);
		else
			str_append_c(dest, *p);
	}
}

static enum signet_client_result
signet_client_fail(struct signet_client *client, const char *error)
{
	client->error = error;
	return SIGNET_CLIENT_FAILED;
}

static enum signet_client_result
signet_client_time_out(struct signet_client *client)
{
	client->error = t_strdup_printf("it did not answer within %u ms",
					client->question->timeout_msecs);
	return SIGNET_CLIENT_TIMED_OUT;
}

/* Waits until the socket is ready or the deadline has passed. */
static enum signet_client_result
signet_client_wait(struct signet_client *client, short events, short *events_r)
{
	struct pollfd pfd = { .fd = client->fd, .events = events };
	long long left;
	int ret;

	do {
		left = client->deadline_usecs - signet_client_now();
		if (left <= 0)
			return signet_client_time_out(client);
		ret = poll(&pfd, 1, (int)((left + 999) / 1000));
		if (ret < 0 && errno != EINTR) {
			return signet_client_fail(client,
				t_strdup_printf("poll() failed: %m"));
		}
	} while (ret <= 0);
	*events_r = pfd.revents;
	return SIGNET_CLIENT_ANSWERED;
}

static enum signet_client_result
signet_client_connect(struct signet_client *client)
{
	const char *path = client->question->socket_path;
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	if (i_strocpy(sa.sun_path, path, sizeof(sa.sun_path)) < 0) {
		return signet_client_fail(client, t_strdup_printf(
			"the path %s is too long for a socket", path));
	}
	client->fd = socket(AF_UNIX,
			    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd == -1) {
		return signet_client_fail(client,
			t_strdup_printf("socket() failed: %m"));
	}
	/* A connection to a unix socket is made or refused at once. A queue
	   that is full (EAGAIN) is a daemon that does not keep up. */
	if (connect(client->fd, (void *)&sa, sizeof(sa)) < 0) {
		return signet_client_fail(client,
			t_strdup_printf("connect(%s) failed: %m", path));
	}
	return SIGNET_CLIENT_ANSWERED;
}

/* Is the empty line there that ends an answer? What follows it is cut off. */
static bool signet_client_complete(struct signet_client *client, size_t from)
{
	const unsigned char *data = client->answer->data;
	size_t i;

	for (i = from; i + 1 < client->answer->used; i++) {
		if (data[i] == '\n' && data[i + 1] == '\n') {
			buffer_set_used_size(client->answer, i + 2);
			return TRUE;
		}
	}
	return FALSE;
}

/* Takes what has come; sets answered when that is all. */
static enum signet_client_result
signet_client_input(struct signet_client *client)
{
	unsigned char data[4096];
	size_t used = client->answer->used;
	ssize_t ret;

	ret = recv(client->fd, data, sizeof(data), MSG_DONTWAIT);
	if (ret < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return SIGNET_CLIENT_ANSWERED;
		return signet_client_fail(client,
			t_strdup_printf("reading its answer failed: %m"));
	}
	if (ret == 0)
		return signet_client_fail(client, "it closed before it answered");
	buffer_append(client->answer, data, ret);
	client->answered = signet_client_complete(client,
						  used == 0 ? 0 : used - 1);
	if (!client->answered && client->answer->used > SIGNET_ANSWER_MAX_SIZE) {
		return signet_client_fail(client, t_strdup_printf(
			"its answer is longer than %u bytes",
			SIGNET_ANSWER_MAX_SIZE));
	}
	return SIGNET_CLIENT_ANSWERED;
}

/* Sends the data, unless the answer comes first: who knows enough from the
   header need not read the rest. */
static enum signet_client_result
signet_client_send(struct signet_client *client, const unsigned char *data,
		   size_t size)
{
	enum signet_client_result result;
	short events;
	ssize_t ret;

	while (size > 0 && !client->answered) {
		result = signet_client_wait(client, POLLIN | POLLOUT, &events);
		if (result != SIGNET_CLIENT_ANSWERED)
			return result;
		if ((events & POLLIN) != 0) {
			result = signet_client_input(client);
			if (result != SIGNET_CLIENT_ANSWERED)
				return result;
			continue;
		}
		ret = send(client->fd, data, size,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
		if (ret < 0 && errno != EAGAIN && errno != EINTR) {
			return signet_client_fail(client,
				t_strdup_printf("sending to it failed: %m"));
		}
		if (ret > 0) {
			data += ret;
			size -= ret;
		}
	}
	return SIGNET_CLIENT_ANSWERED;
}

static enum signet_client_result
signet_client_send_message(struct signet_client *client)
{
	struct istream *input = client->question->message;
	enum signet_client_result result = SIGNET_CLIENT_ANSWERED;
	uoff_t left = client->question->max_message;
	const unsigned char *data;
	size_t size;

	i_stream_seek(input, 0);
	while (left > 0 && !client->answered &&
	       result == SIGNET_CLIENT_ANSWERED &&
	       i_stream_read_more(input, &data, &size) > 0) {
		size = I_MIN(size, left);
		result = signet_client_send(client, data, size);
		i_stream_skip(input, size);
		left -= size;
	}
	if (result == SIGNET_CLIENT_ANSWERED && input->stream_errno != 0) {
		result = signet_client_fail(client, t_strdup_printf(
			"the message could not be read: %s",
			i_stream_get_error(input)));
	}
	i_stream_seek(input, 0);
	return result;
}

static enum signet_client_result
signet_client_receive(struct signet_client *client)
{
	enum signet_client_result result = SIGNET_CLIENT_ANSWERED;
	short events;

	if (!client->answered)
		(void)shutdown(client->fd, SHUT_WR);
	while (!client->answered && result == SIGNET_CLIENT_ANSWERED) {
		result = signet_client_wait(client, POLLIN, &events);
		if (result == SIGNET_CLIENT_ANSWERED)
			result = signet_client_input(client);
	}
	return result;
}

enum signet_client_result
signet_client_ask(const struct signet_question *question, buffer_t *answer,
		  const char **error_r)
{
	struct signet_client client = {
		.question = question,
		.answer = answer,
		.fd = -1,
	};
	enum signet_client_result result;

	client.deadline_usecs = signet_client_now() +
		question->timeout_msecs * 1000LL;
	result = signet_client_connect(&client);
	if (result == SIGNET_CLIENT_ANSWERED) {
		result = signet_client_send(&client,
			(const unsigned char *)question->head,
			strlen(question->head));
	}
	if (result == SIGNET_CLIENT_ANSWERED)
		result = signet_client_send_message(&client);
	if (result == SIGNET_CLIENT_ANSWERED)
		result = signet_client_receive(&client);
	if (client.fd != -1)
		i_close_fd(&client.fd);
	*error_r = client.error;
	return result;
}
