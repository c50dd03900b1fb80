#include "unit.h"

#include <stdlib.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/why.h"
#include "io/clock.h"
#include "io/listen.h"
#include "io/socketmap_client.h"

#define PATIENCE_MS 60000

/* Two ends: what the client sends is read, `reply` is what it gets; NULL: the
 * server goes away. */
struct server {
	char folder[64], path[96];
	struct listen_address address;
	int listener;
	pid_t pid;
};

static void
begin(struct server *server, const char *reply, size_t count)
{
	struct listen_access access = {0};
	char question[256], spelled[112];
	struct why why;
	int peer;

	snprintf(server->folder, sizeof(server->folder),
		 "/tmp/socketmap_test.XXXXXX");
	assert_non_null(mkdtemp(server->folder));
	snprintf(server->path, sizeof(server->path), "%s/s", server->folder);
	snprintf(spelled, sizeof(spelled), "unix:%s", server->path);
	assert_true(listen_parse(spelled, &server->address, &why));
	server->listener = listen_open(&server->address, &access, &why);
	assert_true(server->listener >= 0);
	server->pid = fork();
	if (server->pid != 0)
		return;
	do
		peer = accept(server->listener, NULL, NULL);
	while (peer < 0);
	while (count-- > 0 && read(peer, question, sizeof(question)) > 0)
		if (write(peer, reply, strlen(reply)) < 0)
			break;
	_exit(0);
}

static void
end(struct server *server)
{
	close(server->listener);
	waitpid(server->pid, NULL, 0);
	unlink(server->path);
	rmdir(server->folder);
}

static enum socketmap_status
answer(void **state, const char *reply, struct text *text)
{
	struct deadline deadline = clock_deadline_in(PATIENCE_MS);
	struct socketmap_client *client;
	enum socketmap_status status;
	struct server server;
	struct why why;

	begin(&server, reply, 1);
	client = socketmap_client_open(*state, &server.address, deadline, &why);
	assert_non_null(client);
	status = socketmap_ask(client, TEXT("policy"), TEXT("example.org"),
			       deadline, text, &why);
	end(&server);
	return status;
}

static void
words(void **state)
{
	struct text text;

	assert_int_equal(answer(state, "14:OK secure m=ab,", &text),
			 SOCKETMAP_OK);
	assert_true(text_equal(text, TEXT("secure m=ab")));
	assert_int_equal(answer(state, "9:NOTFOUND ,", &text),
			 SOCKETMAP_NOTFOUND);
	assert_int_equal(answer(state, "8:NOTFOUND,", &text),
			 SOCKETMAP_NOTFOUND);
	assert_int_equal(answer(state, "8:TEMP dns,", &text), SOCKETMAP_TEMP);
	assert_true(text_equal(text, TEXT("dns")));
	assert_int_equal(answer(state, "9:TIMEOUT x,", &text), SOCKETMAP_TEMP);
	assert_int_equal(answer(state, "6:PERM x,", &text), SOCKETMAP_PERM);
}

static void
what_is_no_answer(void **state)
{
	static const char *const wrong[] = {
	    "",		"8:NOTFOUND;",	  "x",
	    ":,",	"2:no,",	  "99999999999999999999:",
	    "100001:x", "-1:NOTFOUND,",	  "5:OK",
	    "0:,",	"11:OKsecure ma,"};
	struct text text;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(answer(state, wrong[i], &text),
				 SOCKETMAP_NOT_ASKED);
}

static void
several_questions(void **state)
{
	struct deadline deadline = clock_deadline_in(PATIENCE_MS);
	struct socketmap_client *client;
	struct server server;
	struct text text;
	struct why why;
	int i;

	begin(&server, "9:NOTFOUND ,", 3);
	client = socketmap_client_open(*state, &server.address, deadline, &why);
	assert_non_null(client);
	for (i = 0; i < 3; i++)
		assert_int_equal(socketmap_ask(client, TEXT("policy"),
					       TEXT("a.example"), deadline,
					       &text, &why),
				 SOCKETMAP_NOTFOUND);
	assert_int_equal(socketmap_ask(client, TEXT("policy"),
				       TEXT("a.example"), deadline, &text,
				       &why),
			 SOCKETMAP_NOT_ASKED);
	end(&server);
}

static void
nobody_there(void **state)
{
	struct listen_address address;
	struct why why;

	assert_true(
	    listen_parse("unix:/tmp/no-such-socket-here", &address, &why));
	assert_null(socketmap_client_open(
	    *state, &address, clock_deadline_in(PATIENCE_MS), &why));
	assert_true(why.text[0] != '\0');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words),
	    cmocka_unit_test(what_is_no_answer),
	    cmocka_unit_test(several_questions),
	    cmocka_unit_test(nobody_there),
	};

	return cmocka_run_group_tests(tests, unit_arena_new, unit_arena_free);
}
