/* What a mail server says to who looks at its TLS, handshake included. */
#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/smtp_probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int listener;
static uint16_t port;

struct peer {
	const uint8_t *data;
	size_t size;
};

static void
start(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(at);

	signal(SIGPIPE, SIG_IGN);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(bind(listener, (struct sockaddr *)&at, sizeof(at)) == 0);
	assert(listen(listener, 4) == 0);
	assert(getsockname(listener, (struct sockaddr *)&at, &length) == 0);
	port = ntohs(at.sin_port);
}

/* Says all at once, and listens until the other side has gone. */
static void *
speak(void *handle)
{
	const struct peer *peer = handle;
	struct linger at_once = {.l_onoff = 1};
	int fd = accept(listener, NULL, NULL);
	char heard[1000];

	if (fd < 0)
		return NULL;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	if (peer->size > 0)
		send(fd, peer->data, peer->size, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	while (recv(fd, heard, sizeof(heard), 0) > 0)
		continue;
	close(fd);
	return NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct peer peer = {data, size < 60000 ? size : 60000};
	struct smtp_probe probe = {.server_name = "mx.example",
				   .helo = "mx.site.test"};
	struct arena *arena = arena_new();
	struct smtp_peer seen;
	pthread_t thread;
	struct why why;

	if (listener == 0)
		start();
	probe.port = port;
	assert(ipaddr_parse(TEXT("127.0.0.1"), &probe.address));
	assert(pthread_create(&thread, NULL, speak, &peer) == 0);
	if (smtp_probe_run(arena, &probe, clock_deadline_in(60000), &seen,
			   &why) == SMTP_PROBE_DONE)
		assert(seen.count > 0);
	arena_free(arena);
	pthread_join(thread, NULL);
	return 0;
}
