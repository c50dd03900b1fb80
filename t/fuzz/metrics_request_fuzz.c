/* What a scraper sends: it gets a status line or the end of the connection,
 * and the server goes on. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/why.h"
#include "io/metrics.h"
#include "io/metrics_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct metric table[] = {
    {.name = "t_total", .help = "T.", .type = METRIC_COUNTER},
    {.name = NULL},
};

static struct metrics *metrics;
static struct metrics_server *server;
static struct listen_address address;

static void
end(void)
{
	metrics_server_close(server);
	metrics_free(metrics);
}

/* A unix socket: thousands of visits a second would use up the ports. */
static void
start(void)
{
	char spelled[80];
	struct why why;

	snprintf(spelled, sizeof(spelled), "unix:/tmp/signet-metrics-fuzz-%d",
		 (int)getpid());
	assert(listen_parse(spelled, &address, &why));
	metrics = metrics_new(table, NULL);
	server = metrics_server_open(metrics, &address, NULL, &why);
	assert(server != NULL);
	atexit(end);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char reply[4096];
	ssize_t got;

	if (server == NULL)
		start();
	assert(connect(fd, (struct sockaddr *)&address.socket,
		       address.length) == 0);
	if (size > 0)
		send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_WR);
	got = recv(fd, reply, sizeof(reply), MSG_WAITALL);
	assert(got < 9 || memcmp(reply, "HTTP/1.0 ", 9) == 0);
	close(fd);
	return 0;
}
