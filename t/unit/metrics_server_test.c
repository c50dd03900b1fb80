#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/why.h"
#include "io/clock.h"
#include "io/metrics.h"
#include "io/metrics_server.h"

static const struct metric table[] = {
    {.name = "t_total", .help = "T.", .type = METRIC_COUNTER},
    {.name = NULL},
};

struct site {
	struct metrics *metrics;
	struct metrics_server *server;
	struct arena *arena;
};

static int
open_site(void **state)
{
	static struct site site;
	struct listen_address address;

	site.arena = arena_new();
	site.metrics = metrics_new(table, NULL);
	listen_parse("inet:0@127.0.0.1", &address, NULL);
	site.server = metrics_server_open(site.metrics, &address, NULL, NULL);
	*state = &site;
	return site.server == NULL ? -1 : 0;
}

static int
close_site(void **state)
{
	struct site *site = *state;

	metrics_server_close(site->server);
	metrics_free(site->metrics);
	arena_free(site->arena);
	return 0;
}

static int
visit(struct site *site)
{
	struct timeval patience = {.tv_sec = 20};
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port =
				     htons(metrics_server_port(site->server)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* All that comes until the other side closes. */
static struct text
read_reply(struct site *site, int fd)
{
	char *at = arena_bytes(site->arena, 65536);
	size_t used = 0;
	ssize_t got;

	while ((got = read(fd, at + used, 65536 - used)) > 0)
		used += (size_t)got;
	close(fd);
	return text_of(at, used);
}

static struct text
ask(struct site *site, const char *request)
{
	int fd = visit(site);

	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL),
			 strlen(request));
	return read_reply(site, fd);
}

static void
answers_a_scrape(void **state)
{
	struct site *site = *state;

	metrics_add(site->metrics, 0, 5, 0, 0, 0);
	assert_text(ask(site, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"),
		    "HTTP/1.0 200 OK\r\n"
		    "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
		    "Content-Length: 51\r\n"
		    "Connection: close\r\n\r\n"
		    "# HELP t_total T.\n# TYPE t_total counter\nt_total 5\n");
}

static void
answers_nothing_else(void **state)
{
	assert_true(text_starts(ask(*state, "GET /etc HTTP/1.1\r\n\r\n"),
				TEXT("HTTP/1.0 404 ")));
	assert_true(text_starts(ask(*state, "POST /metrics HTTP/1.1\r\n\r\n"),
				TEXT("HTTP/1.0 405 ")));
	assert_true(text_starts(ask(*state, "\n\n"), TEXT("HTTP/1.0 405 ")));
}

static void
long_request_is_cut_off(void **state)
{
	struct site *site = *state;
	int fd = visit(site);
	char junk[8192];

	memset(junk, 'x', sizeof(junk));
	send(fd, junk, sizeof(junk), MSG_NOSIGNAL);
	assert_int_equal(read_reply(site, fd).len, 0);
}

static void
silent_scraper_is_left(void **state)
{
	struct site *site = *state;
	int silent = visit(site);
	int64_t start = clock_monotonic_ms();

	assert_true(text_starts(ask(site, "GET / HTTP/1.0\r\n\r\n"),
				TEXT("HTTP/1.0 200 ")));
	/* the silent one had the thread for its time, not for longer */
	assert_true(clock_monotonic_ms() - start < 5 * METRICS_VISIT_MS);
	assert_int_equal(read_reply(site, silent).len, 0);
}

static void
close_does_not_wait_for_a_visitor(void **state)
{
	struct listen_address address;
	struct site site = {.arena = arena_new()};
	int64_t start;
	int fd;

	listen_parse("inet:0@127.0.0.1", &address, NULL);
	site.metrics = metrics_new(table, NULL);
	site.server = metrics_server_open(site.metrics, &address, NULL, NULL);
	assert_non_null(site.server);
	fd = visit(&site);
	start = clock_monotonic_ms();
	metrics_server_close(site.server);
	assert_true(clock_monotonic_ms() - start < METRICS_VISIT_MS);
	close(fd);
	metrics_free(site.metrics);
	arena_free(site.arena);
}

static void
refuses_the_open_world(void **state)
{
	struct site *site = *state;
	struct listen_address address;
	struct why why;

	listen_parse("inet:0@0.0.0.0", &address, NULL);
	assert_null(metrics_server_open(site->metrics, &address, NULL, &why));
	assert_string_equal(why.text, "metrics are for this host alone; write "
				      "unix:/path or inet:port@127.0.0.1");
}

static void
unix_socket_goes_with_the_server(void **state)
{
	struct site *site = *state;
	char folder[] = "/tmp/metrics_test.XXXXXX", text[64];
	struct listen_address address;
	struct metrics_server *server;

	assert_non_null(mkdtemp(folder));
	snprintf(text, sizeof(text), "unix:%s/s", folder);
	assert_true(listen_parse(text, &address, NULL));
	server = metrics_server_open(site->metrics, &address, NULL, NULL);
	assert_non_null(server);
	assert_int_equal(access(listen_path(&address), F_OK), 0);
	metrics_server_close(server);
	assert_int_equal(rmdir(folder), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_a_scrape),
	    cmocka_unit_test(answers_nothing_else),
	    cmocka_unit_test(long_request_is_cut_off),
	    cmocka_unit_test(silent_scraper_is_left),
	    cmocka_unit_test(close_does_not_wait_for_a_visitor),
	    cmocka_unit_test(refuses_the_open_world),
	    cmocka_unit_test(unix_socket_goes_with_the_server),
	};

	return cmocka_run_group_tests(tests, open_site, close_site);
}
