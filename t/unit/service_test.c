#include "unit.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/why.h"
#include "io/service.h"

static int told;

static void
expect_one_of(const char *start, const char *other_start)
{
	char got[300];
	ssize_t length = recv(told, got, sizeof(got) - 1, 0);

	assert_true(length > 0);
	got[length] = '\0';
	if (strncmp(got, start, strlen(start)) != 0 &&
	    strncmp(got, other_start, strlen(other_start)) != 0)
		fail_msg("told \"%s\", expected \"%s\"", got, start);
}

static void
expect_message(const char *start)
{
	expect_one_of(start, start);
}

static void
say_reload(void *data)
{
	service_reloading();
	service_status("as before");
}

static void
say_stop(void *data)
{
	service_stopping();
	_exit(7);
}

static void
run_child(void)
{
	static struct service_calls calls = {.stop = say_stop,
					     .reload = say_reload};

	if (!service_start(&calls, NULL))
		_exit(1);
	service_ready();
	for (;;)
		pause();
}

struct watched {
	struct sockaddr_un address;
	char directory[64];
	pid_t child;
};

/* Starts the child with a socket to tell its state to. */
static struct watched
watch_child(void)
{
	struct watched watched = {.address.sun_family = AF_UNIX};

	snprintf(watched.directory, sizeof(watched.directory),
		 "/tmp/signet-service-test-XXXXXX");
	assert_non_null(mkdtemp(watched.directory));
	snprintf(watched.address.sun_path, sizeof(watched.address.sun_path),
		 "%.60s/notify", watched.directory);
	told = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(told, (struct sockaddr *)&watched.address,
			      sizeof(watched.address)),
			 0);
	setenv("NOTIFY_SOCKET", watched.address.sun_path, 1);
	watched.child = fork();
	if (watched.child == 0)
		run_child();
	return watched;
}

static void
expect_end(const struct watched *watched)
{
	int status;

	assert_int_equal(waitpid(watched->child, &status, 0), watched->child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	close(told);
	unlink(watched->address.sun_path);
	rmdir(watched->directory);
}

static void
signals_and_notifications(void **state)
{
	struct watched watched = watch_child();

	expect_message("READY=1");
	kill(watched.child, SIGHUP);
	expect_message("RELOADING=1\nMONOTONIC_USEC=");
	expect_message("STATUS=as before");
	kill(watched.child, SIGTERM);
	expect_message("STOPPING=1");
	expect_end(&watched);
}

static void
signs_of_life(void **state)
{
	struct watched watched;

	setenv("WATCHDOG_USEC", "20000", 1);
	watched = watch_child();
	unsetenv("WATCHDOG_USEC");
	/* the first may come before the child says that it is ready */
	expect_one_of("READY=1", "WATCHDOG=1");
	for (int i = 0; i < 5; i++)
		expect_one_of("READY=1", "WATCHDOG=1");
	expect_message("WATCHDOG=1");
	kill(watched.child, SIGKILL);
	waitpid(watched.child, NULL, 0);
	close(told);
	unlink(watched.address.sun_path);
	rmdir(watched.directory);
}

/* $WATCHDOG_PID names another process: the signs are not ours to give. */
static void
watchdog_of_another(void **state)
{
	struct watched watched;

	setenv("WATCHDOG_USEC", "2000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	watched = watch_child();
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	expect_message("READY=1");
	kill(watched.child, SIGTERM);
	expect_message("STOPPING=1");
	expect_end(&watched);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(signals_and_notifications),
	    cmocka_unit_test(signs_of_life),
	    cmocka_unit_test(watchdog_of_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
