/* What a scraper sends: it gets a status line or the end of the connection,
 * and the server goes on. */
#include <assert.h>
#include <netinet/in.h>
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

static struct metrics_server *server;

static void
start(void)
{
	struct listen_address address;
	struct why why;

	assert(listen_parse("inet:0@127.0.0.1", &address, &why));
	server =
	    metrics_server_open(metrics_new(table, NULL), &address, NULL, &why);
	assert(server != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct linger at_once = {.l_onoff = 1};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char reply[4096];
	ssize_t got;

	if (server == NULL)
		start();
	to.sin_port = htons(metrics_server_port(server));
	assert(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
	/* no port is left waiting behind thousands of visits a second */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	if (size > 0)
		send(fd, data, size, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	got = recv(fd, reply, sizeof(reply), MSG_WAITALL);
	assert(got < 9 || memcmp(reply, "HTTP/1.0 ", 9) == 0);
	close(fd);
	return 0;
}
