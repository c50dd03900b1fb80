/* nullmap - a socketmap server that answers at once, whatever it is asked
 *
 * usage: nullmap unix:/PATH | inet:PORT@ADDRESS [REPLY]
 *
 * What no server in one thread can go below: it waits for events, reads,
 * finds the end of the question, and writes.  REPLY is the payload, by default
 * "NOTFOUND ".
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/netstring.h"
#include "base/why.h"
#include "io/listen.h"

#define EVENTS 256
#define MOST_BYTES 4096

static char reply[MOST_BYTES];
static size_t reply_bytes;

static void
watch(int epoll_fd, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		close(fd);
}

/* Questions come one at a time and whole: the client waits for each reply. */
static void
serve(int fd)
{
	char input[MOST_BYTES];
	ssize_t got = read(fd, input, sizeof(input));
	struct text payload;
	size_t used;

	if (got <= 0 ||
	    netstring_parse(text_of(input, (size_t)got), MOST_BYTES, &payload,
			    &used) != NETSTRING_WHOLE ||
	    send(fd, reply, reply_bytes, MSG_NOSIGNAL) < 0)
		close(fd);
}

static int
run(int listen_fd)
{
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC), count, i, fd;
	struct epoll_event events[EVENTS];

	watch(epoll_fd, listen_fd);
	for (;;) {
		count = epoll_wait(epoll_fd, events, EVENTS, -1);
		if (count < 0 && errno != EINTR)
			return 1;
		for (i = 0; i < count; i++) {
			if (events[i].data.fd != listen_fd) {
				serve(events[i].data.fd);
				continue;
			}
			fd = accept(listen_fd, NULL, NULL);
			if (fd >= 0)
				watch(epoll_fd, fd);
		}
	}
}

int
main(int argc, char **argv)
{
	const char *payload = argc > 2 ? argv[2] : "NOTFOUND ";
	struct listen_access access = {.mode = 0666};
	struct listen_address address;
	struct why why;
	int fd = -1;

	if (argc < 2 || strlen(payload) > MOST_BYTES - 32)
		return 2;
	reply_bytes = netstring_head(reply, strlen(payload));
	memcpy(reply + reply_bytes, payload, strlen(payload));
	reply_bytes += strlen(payload);
	reply[reply_bytes++] = ',';
	if (listen_parse(argv[1], &address, &why))
		fd = listen_open(&address, &access, &why);
	if (fd >= 0)
		return run(fd);
	fprintf(stderr, "nullmap: %s\n", why.text);
	return 1;
}
