#include "unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/why.h"
#include "io/listen.h"

static char folder[64];

static int
make_folder(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/listen_test.XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : unit_arena_new(state);
}

static int
remove_folder(void **state)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/s", folder);
	unlink(path);
	rmdir(folder);
	return unit_arena_free(state);
}

static struct listen_address
parsed(const char *text)
{
	struct listen_address address;
	struct why why;

	if (!listen_parse(text, &address, &why))
		fail_msg("%s", why.text);
	return address;
}

static struct listen_address
in_folder(void)
{
	char text[128];

	snprintf(text, sizeof(text), "unix:%s/s", folder);
	return parsed(text);
}

static void
reads_the_forms(void **state)
{
	static const char *const wrong[] = {"",
					    "/run/x",
					    "unix:x",
					    "inet:25",
					    "inet:25@",
					    "inet:65536@127.0.0.1",
					    "inet:@::1",
					    "inet:25@example.org",
					    "inet:-1@::1",
					    "tcp:25@::1"};
	struct listen_address address = parsed("unix:/run/x");
	char long_path[200];
	struct why why;

	assert_string_equal(listen_path(&address), "/run/x");
	assert_true(listen_is_local(&address));
	address = parsed("inet:8891@127.0.0.1");
	assert_null(listen_path(&address));
	assert_true(listen_is_local(&address));
	address = parsed("inet:8891@localhost");
	assert_true(listen_is_local(&address));
	address = parsed("inet6:1@::1");
	assert_true(listen_is_local(&address));
	assert_true(listen_is_private(&address));
	address = parsed("inet:1@10.1.2.3");
	assert_true(listen_is_private(&address));
	address = parsed("inet6:1@fd00::1");
	assert_true(listen_is_private(&address));
	address = parsed("inet:1@9.9.9.9");
	assert_false(listen_is_private(&address));
	address = parsed("inet6:1@2606:4700::1");
	assert_false(listen_is_private(&address));
	address = parsed("inet6:1@::");
	assert_false(listen_is_private(&address));
	address = parsed("inet:1@0.0.0.0");
	assert_false(listen_is_local(&address));
	assert_false(listen_is_private(&address));
	address = parsed("inet:1@::");
	assert_false(listen_is_local(&address));
	address = parsed("inet:1@192.0.2.127");
	assert_false(listen_is_local(&address));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(listen_parse(wrong[i], &address, &why));
	assert_non_null(strstr(why.text, "write unix:/path or inet:"));
	snprintf(long_path, sizeof(long_path), "unix:/%0150d", 0);
	assert_false(listen_parse(long_path, &address, &why));
}

static void
reads_modes(void **state)
{
	mode_t mode;

	assert_true(listen_parse_mode("0660", &mode, NULL));
	assert_int_equal(mode, 0660);
	assert_true(listen_parse_mode("600", &mode, NULL));
	assert_int_equal(mode, 0600);
	assert_false(listen_parse_mode("", &mode, NULL));
	assert_false(listen_parse_mode("0680", &mode, NULL));
	assert_false(listen_parse_mode("4660", &mode, NULL));
	assert_false(listen_parse_mode("rw-rw----", &mode, NULL));
}

static void
mode_is_set(void **state)
{
	struct listen_access access = {.mode = 0640};
	struct listen_address address = in_folder();
	struct stat st;
	struct why why;
	int fd = listen_open(&address, &access, &why);

	assert_true(fd >= 0);
	assert_int_equal(stat(listen_path(&address), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(listen_port(fd), 0);
	close(fd);
}

static void
unknown_group_leaves_no_socket(void **state)
{
	struct listen_access access = {.group = "no-such-group"};
	struct listen_address address = in_folder();
	struct stat st;
	struct why why;

	assert_int_equal(listen_open(&address, &access, &why), -1);
	assert_non_null(strstr(why.text, "\"no-such-group\""));
	assert_int_not_equal(stat(listen_path(&address), &st), 0);
}

static void
touch_wakes_who_listens(void **state)
{
	struct listen_address address = in_folder();
	struct pollfd ready = {.events = POLLIN};
	struct why why;
	char byte;
	int fd;

	ready.fd = listen_open(&address, NULL, &why);
	assert_true(ready.fd >= 0);
	assert_int_equal(poll(&ready, 1, 0), 0);
	listen_touch(&address);
	assert_int_equal(poll(&ready, 1, 5000), 1);
	fd = accept(ready.fd, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, &byte, 1), 0);
	close(fd);
	close(ready.fd);
	/* nobody there: nothing happens */
	listen_touch(&address);
}

static void
stale_socket_gives_way_and_live_one_stays(void **state)
{
	struct listen_address address = in_folder();
	struct why why;
	int first = listen_open(&address, NULL, &why);

	assert_true(first >= 0);
	assert_int_equal(listen_open(&address, NULL, &why), -1);
	assert_non_null(strstr(why.text, "another program listens"));
	close(first);
	first = listen_open(&address, NULL, &why);
	assert_true(first >= 0);
	close(first);
}

static void
file_that_is_no_socket_stays(void **state)
{
	struct listen_address address = in_folder();
	struct why why;

	close(open(listen_path(&address), O_CREAT | O_WRONLY, 0600));
	assert_int_equal(listen_open(&address, NULL, &why), -1);
	assert_non_null(strstr(why.text, "is no socket"));
	assert_int_equal(access(listen_path(&address), F_OK), 0);
}

static bool
sends_at_once(int listener)
{
	struct sockaddr_storage at;
	socklen_t at_size = sizeof(at), size = sizeof(int);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;
	int on = -1;

	assert_int_equal(
	    getsockname(listener, (struct sockaddr *)&at, &at_size), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&at, at_size), 0);
	server = accept(listener, NULL, NULL);
	assert_true(server >= 0);
	assert_int_equal(
	    getsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
	close(server);
	close(client);
	return on != 0;
}

static void
answers_over_tcp_are_sent_at_once(void **state)
{
	struct listen_address address = parsed("inet:0@127.0.0.1");
	struct why why;
	int fd = listen_open(&address, NULL, &why);

	assert_true(fd >= 0);
	assert_false(sends_at_once(fd));
	listen_send_at_once();
	assert_true(sends_at_once(fd));
	close(fd);
}

static void
system_chooses_a_port(void **state)
{
	struct listen_address address = parsed("inet:0@127.0.0.1"), taken;
	char text[64];
	struct why why;
	int fd = listen_open(&address, NULL, &why);

	assert_true(fd >= 0);
	assert_true(listen_port(fd) > 0);
	snprintf(text, sizeof(text), "inet:%u@127.0.0.1", listen_port(fd));
	taken = parsed(text);
	assert_int_equal(listen_open(&taken, NULL, &why), -1);
	assert_non_null(strstr(why.text, "stop the program"));
	close(fd);
}

#define folder_test(f)                                                         \
	cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_forms),
	    cmocka_unit_test(reads_modes),
	    folder_test(mode_is_set),
	    folder_test(unknown_group_leaves_no_socket),
	    folder_test(touch_wakes_who_listens),
	    folder_test(stale_socket_gives_way_and_live_one_stays),
	    folder_test(file_that_is_no_socket_stays),
	    cmocka_unit_test(answers_over_tcp_are_sent_at_once),
	    cmocka_unit_test(system_chooses_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
