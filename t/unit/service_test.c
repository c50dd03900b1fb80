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
expect_message(const char *start)
{
	char got[300];
	ssize_t length = recv(told, got, sizeof(got) - 1, 0);

	assert_true(length > 0);
	got[length] = '\0';
	if (strncmp(got, start, strlen(start)) != 0)
		fail_msg("told \"%s\", expected \"%s\"", got, start);
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

static void
signals_and_notifications(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char directory[] = "/tmp/signet-service-test-XXXXXX";
	int status;
	pid_t child;

	assert_non_null(mkdtemp(directory));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify",
		 directory);
	told = socket(AF_UNIX, SOCK_DGRAM, 0);
	assert_int_equal(bind(told, (struct sockaddr *)&address,
			      sizeof(address)),
			 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	child = fork();
	if (child == 0)
		run_child();
	expect_message("READY=1");
	kill(child, SIGHUP);
	expect_message("RELOADING=1\nMONOTONIC_USEC=");
	expect_message("STATUS=as before");
	kill(child, SIGTERM);
	expect_message("STOPPING=1");
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	unlink(address.sun_path);
	rmdir(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(signals_and_notifications),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
