#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/why.h"
#include "io/listen.h"
#include "milter/wake.h"

#define PATIENCE_MS 20000

static char path[64];
static struct listen_address address;
static int listener;

static int
open_listener(void **state)
{
	char text[80];

	snprintf(path, sizeof(path), "/tmp/wake_test.XXXXXX");
	if (mkdtemp(path) == NULL)
		return -1;
	snprintf(text, sizeof(text), "unix:%s/s", path);
	if (!listen_parse(text, &address, NULL))
		return -1;
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(listener, (struct sockaddr *)&address.socket,
		    address.length) != 0 ||
		       listen(listener, 100) != 0
		   ? -1
		   : unit_arena_new(state);
}

static int
close_listener(void **state)
{
	char file[80];

	close(listener);
	snprintf(file, sizeof(file), "%s/s", path);
	unlink(file);
	rmdir(path);
	return unit_arena_free(state);
}

/* Takes a connection, which says nothing and ends; false if there is none in
 * that time. */
static bool
take_one(int wait_ms)
{
	struct pollfd watch = {.fd = listener, .events = POLLIN};
	char byte;
	int fd;

	if (poll(&watch, 1, wait_ms) != 1)
		return false;
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, &byte, 1), 0);
	close(fd);
	return true;
}

static void
connections_while_somebody_waits(void **state)
{
	struct why why;

	assert_true(wake_start(&address, &why));
	for (unsigned round = 0; round < 3; round++) {
		wake_begin();
		wake_begin();
		wake_end();
		for (unsigned i = 0; i < 3; i++)
			assert_true(take_one(PATIENCE_MS));
		wake_end();
	}
	wake_stop();
	while (take_one(0))
		continue;
}

static void
none_while_nobody_waits(void **state)
{
	struct why why;

	assert_true(wake_start(&address, &why));
	assert_false(take_one(10 * WAKE_MS));
	wake_stop();
}

static void
ends_while_somebody_waits(void **state)
{
	struct why why;

	for (unsigned round = 0; round < 3; round++) {
		assert_true(wake_start(&address, &why));
		wake_begin();
		if (round > 0)
			assert_true(take_one(PATIENCE_MS));
		wake_stop();
		wake_end();
	}
}

#define top_test(f)                                                            \
	cmocka_unit_test_setup_teardown(f, open_listener, close_listener)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    top_test(connections_while_somebody_waits),
	    top_test(none_while_nobody_waits),
	    top_test(ends_while_somebody_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
