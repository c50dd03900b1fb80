#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/why.h"
#include "io/transfer.h"

/* A mail server of a few lines: says what the script has for each command. */
struct server {
	int listener;
	pthread_t thread;
	const char *mail, *rcpt, *data, *end; /* NULL: hangs up instead */
	const char *greeting;
	unsigned connections, messages;
	char seen[16384]; /* all lines of the client */
	size_t len;
};

static void
say(FILE *client, const char *line)
{
	fputs(line, client);
	fputs("\r\n", client);
	fflush(client);
}

/* The script's answer; false to hang up. */
static bool
answer(struct server *server, FILE *client, const char *line)
{
	const char *reply = "250 ok";
	bool content = false;

	if (strncmp(line, "MAIL", 4) == 0)
		reply = server->mail;
	else if (strncmp(line, "RCPT", 4) == 0)
		reply = server->rcpt;
	else if (strncmp(line, "DATA", 4) == 0) {
		reply = server->data;
		content = reply != NULL && reply[0] == '3';
	}
	if (reply == NULL)
		return false;
	say(client, reply);
	return content || strncmp(line, "QUIT", 4) != 0;
}

static void
keep(struct server *server, const char *line)
{
	size_t len = strlen(line);

	if (server->len + len < sizeof(server->seen)) {
		memcpy(server->seen + server->len, line, len + 1);
		server->len += len;
	}
}

static bool
read_content(struct server *server, FILE *in, FILE *client)
{
	char line[1024];

	while (fgets(line, sizeof(line), in) != NULL) {
		keep(server, line);
		if (strcmp(line, ".\r\n") != 0)
			continue;
		server->messages++;
		if (server->end == NULL)
			return false;
		say(client, server->end);
		return true;
	}
	return false;
}

static void
serve_one(struct server *server, int socket)
{
	FILE *in = fdopen(dup(socket), "r"), *client = fdopen(socket, "w");
	char line[1024];

	server->connections++;
	say(client, server->greeting);
	while (fgets(line, sizeof(line), in) != NULL) {
		keep(server, line);
		if (!answer(server, client, line))
			break;
		if (strncmp(line, "DATA", 4) == 0 && server->data[0] == '3' &&
		    !read_content(server, in, client))
			break;
	}
	fclose(in);
	fclose(client);
}

static void *
serve(void *data)
{
	struct server *server = data;
	int client;

	while ((client = accept(server->listener, NULL, NULL)) >= 0)
		serve_one(server, client);
	return NULL;
}

static struct server *
server_start(void **state, uint16_t *port)
{
	struct server *server = arena_new_value(*state, struct server);
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(at);

	server->mail = server->rcpt = "250 2.1.0 ok";
	server->data = "354 go on";
	server->end = "250 2.0.0 queued as 4X";
	server->greeting = "220 test ESMTP";
	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&at, bytes),
			 0);
	assert_int_equal(listen(server->listener, 5), 0);
	getsockname(server->listener, (struct sockaddr *)&at, &bytes);
	*port = ntohs(at.sin_port);
	pthread_create(&server->thread, NULL, serve, server);
	return server;
}

static void
server_stop(struct server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
}

static struct transfer *
open_to(void **state, uint16_t port)
{
	struct transfer_options options = {
	    .server = arena_printf(*state, "127.0.0.1:%u", port),
	    .helo = "mx.example.org",
	    .timeout_ms = 10000};
	struct why why;
	struct transfer *transfer = transfer_open(&options, &why);

	if (transfer == NULL)
		fail_msg("%s", why.text);
	return transfer;
}

static const struct transfer_mail mail = {
    .sender = "report+abc@example.org",
    .recipient = "dmarc@example.com",
    .content = TEXT_INIT("Subject: x\r\n\r\nline\r\n.dot\r\n")};

static void
a_message_arrives_as_it_is(void **state)
{
	uint16_t port;
	struct server *server = server_start(state, &port);
	struct transfer *transfer = open_to(state, port);
	struct why why;

	assert_int_equal(transfer_send(transfer, &mail, &why),
			 TRANSFER_ACCEPTED);
	assert_string_equal(why.text, "250 2.0.0 queued as 4X");
	assert_int_equal(transfer_send(transfer, &mail, &why),
			 TRANSFER_ACCEPTED);
	transfer_close(transfer);
	server_stop(server);
	assert_int_equal(server->connections, 1);
	assert_int_equal(server->messages, 2);
	assert_non_null(strstr(server->seen, "EHLO mx.example.org\r\n"));
	assert_non_null(
	    strstr(server->seen, "MAIL FROM:<report+abc@example.org>"));
	assert_non_null(
	    strstr(server->seen, "RCPT TO:<dmarc@example.com>\r\n"));
	assert_non_null(
	    strstr(server->seen, "Subject: x\r\n\r\nline\r\n..dot\r\n.\r\n"));
}

struct ending {
	const char *greeting, *mail, *rcpt, *data, *end;
	enum transfer_result want;
	const char *says;
};

static void
each_failure_has_its_meaning(void **state)
{
	static const struct ending endings[] = {
	    {"554 no", "", "", "", "", TRANSFER_AWAY, "554"},
	    {"", "550 5.7.1 sender", "", "", "", TRANSFER_AWAY, "550 5.7.1"},
	    {"", "452 4.3.1 full", "", "", "", TRANSFER_AWAY, "452 4.3.1"},
	    {"", "", "550 5.1.1 nobody", "", "", TRANSFER_REFUSED,
	     "550 5.1.1 nobody"},
	    {"", "", "451 4.7.1 later", "", "", TRANSFER_AGAIN, "451 4.7.1"},
	    {"", "", "", "554 no", "", TRANSFER_REFUSED, "554 no"},
	    {"", "", "", "", "552 5.3.4 too big", TRANSFER_REFUSED,
	     "552 5.3.4 too big"},
	    {"", "", "", "", "451 4.3.0 milter", TRANSFER_AGAIN,
	     "451 4.3.0 milter"},
	    {"", "", NULL, "", "", TRANSFER_AWAY, ""},
	    {"", "", "", "", NULL, TRANSFER_AGAIN, ""}};
	struct transfer *transfer;
	struct server *server;
	struct why why;
	uint16_t port;

#define USE(member)                                                            \
	if (endings[i].member == NULL || endings[i].member[0] != '\0')         \
	server->member = endings[i].member
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		server = server_start(state, &port);
		if (endings[i].greeting[0] != '\0')
			server->greeting = endings[i].greeting;
		USE(mail);
		USE(rcpt);
		USE(data);
		USE(end);
		transfer = open_to(state, port);
		assert_int_equal(transfer_send(transfer, &mail, &why),
				 endings[i].want);
		if (strstr(why.text, endings[i].says) == NULL ||
		    why.text[0] == '\0')
			fail_msg("%zu: %s", i, why.text);
		transfer_close(transfer);
		server_stop(server);
	}
}

static void
nobody_listens(void **state)
{
	uint16_t port;
	struct server *server = server_start(state, &port);
	struct transfer *transfer = open_to(state, port);
	struct why why;

	server_stop(server);
	assert_int_equal(transfer_send(transfer, &mail, &why), TRANSFER_AWAY);
	assert_true(why.text[0] != '\0');
	transfer_close(transfer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(a_message_arrives_as_it_is),
	    arena_unit_test(each_failure_has_its_meaning),
	    arena_unit_test(nobody_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
