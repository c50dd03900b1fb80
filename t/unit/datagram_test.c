#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/why.h"
#include "io/datagram.h"

static char directory[] = "/tmp/datagram_test.XXXXXX";

static struct listen_address
place(const char *name)
{
	struct listen_address address;
	char text[100];

	snprintf(text, sizeof(text), "unix:%s/%s", directory, name);
	assert_true(listen_parse(text, &address, NULL));
	return address;
}

static int
sender_to(const struct listen_address *address)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&address->socket,
				 address->length),
			 0);
	return fd;
}

static void
receives_with_its_mode(void **state)
{
	struct datagram_access access = {.access = {.mode = 0620}};
	struct listen_address address = place("a");
	int fd = datagram_open(&address, &access, NULL);
	int from;
	struct stat st;
	char bytes[10];

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(stat(listen_path(&address), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0620);
	from = sender_to(&address);
	assert_int_equal(send(from, "event", 5, 0), 5);
	assert_int_equal(recv(fd, bytes, sizeof(bytes), 0), 5);
	assert_int_equal(recv(fd, bytes, sizeof(bytes), 0), -1);
	close(from);
	close(fd);
}

static void
one_receiver_alone(void **state)
{
	struct datagram_access access = {0};
	struct listen_address address = place("b");
	int fd = datagram_open(&address, &access, NULL);
	struct why why;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(datagram_open(&address, &access, &why), -1);
	assert_non_null(strstr(why.text, "another program listens"));
	close(fd);
	/* what is left of it is no obstacle */
	fd = datagram_open(&address, &access, NULL);
	assert_true(fd >= 0);
	close(fd);
}

static void
a_file_is_not_removed(void **state)
{
	struct datagram_access access = {0};
	struct listen_address address = place("c");
	int fd = open(listen_path(&address), O_CREAT | O_WRONLY, 0600);
	struct why why;

	(void)state;
	close(fd);
	assert_int_equal(datagram_open(&address, &access, &why), -1);
	assert_non_null(strstr(why.text, "is no socket"));
}

static void
what_cannot_be(void **state)
{
	struct datagram_access owner = {.owner = "no-such-user-here"};
	struct datagram_access group = {.access = {.group = "no-such-group"}};
	struct listen_address address = place("d");
	struct why why;
	struct stat st;

	(void)state;
	assert_int_equal(datagram_open(&address, &owner, &why), -1);
	assert_non_null(strstr(why.text, "no user \"no-such-user-here\""));
	assert_int_equal(datagram_open(&address, &group, &why), -1);
	assert_non_null(strstr(why.text, "no group \"no-such-group\""));
	assert_int_equal(stat(listen_path(&address), &st), -1);
	address = place("missing/e");
	assert_int_equal(
	    datagram_open(&address, &(struct datagram_access){0}, &why), -1);
	assert_non_null(strstr(why.text, "create the folder"));
	assert_true(listen_parse("inet:1@127.0.0.1", &address, NULL));
	assert_int_equal(
	    datagram_open(&address, &(struct datagram_access){0}, &why), -1);
	assert_non_null(strstr(why.text, "unix:/path"));
}

static void
the_queue_of_the_system(void **state)
{
	(void)state;
	if (access("/proc/sys/net/unix/max_dgram_qlen", R_OK) != 0)
		skip();
	assert_true(datagram_queue_length() > 0);
}

static int
make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) == NULL;
}

static int
remove_directory(void **state)
{
	const char *const names[] = {"a", "b", "c", "d", ""};
	char path[100];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		remove(path);
	}
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(receives_with_its_mode),
	    cmocka_unit_test(one_receiver_alone),
	    cmocka_unit_test(a_file_is_not_removed),
	    cmocka_unit_test(what_cannot_be),
	    cmocka_unit_test(the_queue_of_the_system),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
