#include "unit.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/why.h"
#include "io/confine.h"

/* What `look` returns in a process that is confined. */
static int
confined(int (*look)(void))
{
	pid_t child = fork();
	struct why why;
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(confine(&why) ? look() : 100);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
runs_program(void)
{
	static char name[] = "/bin/true", *arguments[] = {name, NULL};

	execv(name, arguments);
	return errno;
}

static int
mounts(void)
{
	return mount("none", "/", NULL, MS_REMOUNT | MS_BIND, NULL) == 0
		   ? 0
		   : errno;
}

static int
makes_namespace(void)
{
	return unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
}

static int
joins_keys(void)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID,
		       KEY_SPEC_SESSION_KEYRING, 0) >= 0
		   ? 0
		   : errno;
}

/* These fail with EBADF if they are made: whoever asks. */
#ifdef SYS_open_tree
static int
opens_mount(void)
{
	return syscall(SYS_open_tree, -1, "x", 0) >= 0 ? 0 : errno;
}
#endif

#ifdef SYS_pidfd_getfd
static int
takes_descriptor(void)
{
	return syscall(SYS_pidfd_getfd, -1, 0, 0) >= 0 ? 0 : errno;
}
#endif

static int
works(void)
{
	int fds[2];
	char byte = 'x';

	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 2 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 1;
	return pipe(fds) == 0 && write(fds[1], &byte, 1) == 1 &&
		       read(fds[0], &byte, 1) == 1
		   ? 0
		   : 2;
}

static int
twice(void)
{
	return confine(NULL) ? 0 : 1;
}

static void
what_is_forbidden(void **state)
{
	assert_int_equal(confined(runs_program), EPERM);
	assert_int_equal(confined(mounts), EPERM);
	assert_int_equal(confined(makes_namespace), EPERM);
	assert_int_equal(confined(joins_keys), EPERM);
#ifdef SYS_open_tree
	assert_int_equal(confined(opens_mount), EPERM);
#endif
#ifdef SYS_pidfd_getfd
	assert_int_equal(confined(takes_descriptor), EPERM);
#endif
}

static void
what_is_not(void **state)
{
	assert_int_equal(confined(works), 0);
	assert_int_equal(confined(twice), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    arena_unit_test(what_is_forbidden),
	    arena_unit_test(what_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
