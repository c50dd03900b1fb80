#include "unit.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/why.h"
#include "io/syscall_filter.h"

/* True if `look` finds all well in a process of its own. */
static bool
is_well(bool (*look)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(look() ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
forbid(const int *calls, size_t count)
{
	struct why why;

	return syscall_filter_forbid(calls, count, &why);
}

static bool
is_forbidden(int call)
{
	errno = 0;
	return syscall(call) == -1 && errno == EPERM;
}

static bool
those_of_the_list(void)
{
	static const int calls[] = {SYS_getppid, SYS_geteuid};

	return forbid(calls, 2) && is_forbidden(SYS_getppid) &&
	       is_forbidden(SYS_geteuid) && !is_forbidden(SYS_getuid) &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static bool
those_of_a_full_list(void)
{
	int calls[SYSCALL_FILTER_MOST];
	size_t i;

	for (i = 0; i < SYSCALL_FILTER_MOST - 1; i++)
		calls[i] = SYS_geteuid;
	calls[i] = SYS_getppid;
	return forbid(calls, SYSCALL_FILTER_MOST) &&
	       is_forbidden(SYS_getppid) && !is_forbidden(SYS_getuid);
}

static bool
those_of_both_lists(void)
{
	static const int first = SYS_getppid, second = SYS_geteuid;

	return forbid(&first, 1) && !is_forbidden(SYS_geteuid) &&
	       forbid(&second, 1) && is_forbidden(SYS_geteuid) &&
	       is_forbidden(SYS_getppid);
}

static bool
none_of_no_list(void)
{
	return forbid(NULL, 0) && !is_forbidden(SYS_getppid);
}

static void
what_is_forbidden(void **state)
{
	assert_true(is_well(those_of_the_list));
	assert_true(is_well(those_of_a_full_list));
	assert_true(is_well(those_of_both_lists));
	assert_true(is_well(none_of_no_list));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_forbidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
