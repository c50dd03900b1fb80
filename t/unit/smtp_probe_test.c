/* A peer of our own on a free port says what it is told to; handshakes that
 * work are tested with real servers. */
#include "unit.h"

#include "base/limits.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/smtp_probe.h"
#include "io/tls_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 60000

struct peer {
	const char *const *says; /* one after each line of the client; NULL
				    ends it; "" says nothing, and waits */
	int listener;
	uint16_t port;
	pthread_t thread;
};

static void
speak(int socket, const char *const *says)
{
	char bytes[1000];

	for (; *says != NULL; says++) {
		if (**says != '\0' && write(socket, *says, strlen(*says)) < 0)
			return;
		if (read(socket, bytes, sizeof(bytes)) <= 0)
			return;
	}
}

static void *
run_peer(void *data)
{
	struct peer *peer = data;
	int socket = accept(peer->listener, NULL, NULL);

	if (socket >= 0) {
		speak(socket, peer->says);
		close(socket);
	}
	return NULL;
}

static void
start(struct peer *peer, const char *const *says)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer->says = says;
	peer->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(
	    bind(peer->listener, (struct sockaddr *)&address, sizeof(address)),
	    0);
	assert_int_equal(listen(peer->listener, 1), 0);
	assert_int_equal(
	    getsockname(peer->listener, (struct sockaddr *)&address, &length),
	    0);
	peer->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&peer->thread, NULL, run_peer, peer),
			 0);
}

static void
end_peer(struct peer *peer)
{
	pthread_join(peer->thread, NULL);
	close(peer->listener);
}

static enum smtp_probe_status
run(struct arena *arena, const char *const *says, int64_t wait_ms,
    struct why *why)
{
	struct smtp_probe probe = {.server_name = "mx.example",
				   .helo = "us.example"};
	enum smtp_probe_status status;
	struct smtp_peer found;
	struct peer peer;

	start(&peer, says);
	assert_true(ipaddr_parse(TEXT("127.0.0.1"), &probe.address));
	probe.port = peer.port;
	status = smtp_probe_run(arena, &probe, clock_deadline_in(wait_ms),
				&found, why);
	arena_reset(arena); /* closes, so that the peer ends */
	end_peer(&peer);
	return status;
}

#define HELLO "220 mx ESMTP\r\n"
#define OFFERS "250-mx\r\n250-SIZE 1\r\n250 starttls\r\n"

static void
whoever_is_not_there(void **state)
{
	static const char *const cases[][4] = {
	    {NULL},			   /* hangs up at once */
	    {"554 go away\r\n", NULL},	   /* refuses */
	    {HELLO, "421 busy\r\n", NULL}, /* refuses EHLO */
	    {HELLO, OFFERS, NULL},	   /* hangs up after EHLO */
	    {"SSH-2.0-x\r\n", NULL},	   /* no SMTP */
	    {"hello\r\nhello\r\n", NULL},
	};
	struct why why;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(run(*state, cases[i], PATIENCE_MS, &why),
				 SMTP_PROBE_AWAY);
}

static void
no_starttls(void **state)
{
	static const char *const none[] = {HELLO, "250 mx\r\n", NULL};
	static const char *const refused[] = {HELLO, OFFERS, "454 not now\r\n",
					      NULL};
	struct why why;

	assert_int_equal(run(*state, none, PATIENCE_MS, &why),
			 SMTP_PROBE_NO_STARTTLS);
	assert_string_equal(why.text, "the server does not offer STARTTLS");
	assert_int_equal(run(*state, refused, PATIENCE_MS, &why),
			 SMTP_PROBE_NO_STARTTLS);
	assert_string_equal(why.text, "the server said: 454 not now");
}

static void
no_handshake(void **state)
{
	static const char *const nonsense[] = {HELLO, OFFERS, "220 go\r\n",
					       "this is no TLS\r\n", NULL};
	static const char *const early[] = {
	    HELLO, OFFERS, "220 go\r\n250 from somebody else\r\n", NULL};
	struct why why;

	assert_int_equal(run(*state, nonsense, PATIENCE_MS, &why),
			 SMTP_PROBE_NO_TLS);
	assert_int_equal(run(*state, early, PATIENCE_MS, &why),
			 SMTP_PROBE_NO_TLS);
	assert_string_equal(why.text, "bytes in clear behind the answer to "
				      "STARTTLS");
}

static void
it_ends_in_time(void **state)
{
	static const char *const silent[] = {"", NULL};
	static const char *const mute[] = {HELLO, OFFERS, "220 go\r\n", "",
					   NULL};
	struct why why;

	/* the peers never say more: that it ends is its own doing */
	assert_int_equal(run(*state, silent, 200, &why), SMTP_PROBE_AWAY);
	assert_string_equal(why.text, "no answer in time");
	/* long enough to come as far as the handshake on a busy machine */
	assert_int_equal(run(*state, mute, 3000, &why), SMTP_PROBE_NO_TLS);
}

static void
replies_have_bounds(void **state)
{
	char *line = malloc(LIMIT_SMTP_LINE_BYTES + 2);
	char *lines = malloc(LIMIT_SMTP_REPLY_LINES * 10 + 1);
	const char *says[] = {line, NULL};
	struct why why;
	int i;

	memset(line, 'x', LIMIT_SMTP_LINE_BYTES + 1);
	line[LIMIT_SMTP_LINE_BYTES + 1] = '\0';
	assert_int_equal(run(*state, says, PATIENCE_MS, &why), SMTP_PROBE_AWAY);
	assert_non_null(strstr(why.text, "a line above"));
	for (i = 0; i < LIMIT_SMTP_REPLY_LINES; i++)
		memcpy(lines + 9 * i, "220-more\n", 9);
	lines[9 * i] = '\0';
	says[0] = lines;
	assert_int_equal(run(*state, says, PATIENCE_MS, &why), SMTP_PROBE_AWAY);
	assert_string_equal(why.text, "the server does not speak SMTP");
	free(line);
	free(lines);
}

static void
lines_in_clear(void **state)
{
	static const char *const says[] = {"one\r\ntwo\nthr", "ee\r\n", NULL};
	struct ipaddr address;
	struct tls_client *client;
	struct peer peer;
	struct text line;
	struct why why;

	start(&peer, says);
	assert_true(ipaddr_parse(TEXT("127.0.0.1"), &address));
	client = tls_client_open(*state, &address, peer.port,
				 clock_deadline_in(PATIENCE_MS), &why);
	assert_non_null(client);
	assert_true(tls_client_read_line(client, clock_deadline_in(PATIENCE_MS),
					 &line, &why));
	assert_text(line, "one");
	assert_true(tls_client_write(client, TEXT("x"),
				     clock_deadline_in(PATIENCE_MS), &why));
	assert_true(tls_client_read_line(client, clock_deadline_in(PATIENCE_MS),
					 &line, &why));
	assert_text(line, "two");
	assert_true(tls_client_read_line(client, clock_deadline_in(PATIENCE_MS),
					 &line, &why));
	assert_text(line, "three");
	arena_reset(*state);
	end_peer(&peer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(whoever_is_not_there),
	    arena_unit_test(no_starttls),
	    arena_unit_test(no_handshake),
	    arena_unit_test(it_ends_in_time),
	    arena_unit_test(replies_have_bounds),
	    arena_unit_test(lines_in_clear),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
