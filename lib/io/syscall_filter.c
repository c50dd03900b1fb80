#include "io/syscall_filter.h"

#include <assert.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/why.h"

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef OUR_ARCH
/* numbers of x32 begin here */
#define X32_FIRST 0x40000000

#define LOAD(member)                                                           \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                                     \
		 offsetof(struct seccomp_data, member))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))

static const struct sock_filter beginning[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0),
    RETURN(SECCOMP_RET_KILL_PROCESS),
    LOAD(nr),
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_FIRST, 0, 1),
    RETURN(SECCOMP_RET_KILL_PROCESS),
};
#define BEGINNING (sizeof(beginning) / sizeof(beginning[0]))

static bool
install(struct sock_filter *filter, size_t length, struct why *why)
{
	struct sock_fprog program = {(unsigned short)length, filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return why_set(why, "cannot give up new privileges: %s",
			       strerror(errno));
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ||
	    errno == EINVAL) /* a kernel without it */
		return true;
	return why_set(why, "cannot forbid system calls: %s", strerror(errno));
}

bool
syscall_filter_forbid(const int *calls, size_t count, struct why *why)
{
	struct sock_filter filter[BEGINNING + 2 * SYSCALL_FILTER_MOST + 1];
	struct sock_filter *to = filter + BEGINNING;
	size_t i;

	assert(count <= SYSCALL_FILTER_MOST);
	memcpy(filter, beginning, sizeof(beginning));
	for (i = 0; i < count; i++) {
		*to++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						     (uint32_t)calls[i], 0, 1);
		*to++ = (struct sock_filter)RETURN(SECCOMP_RET_ERRNO | EPERM);
	}
	*to++ = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	return install(filter, (size_t)(to - filter), why);
}
#else
bool
syscall_filter_forbid(const int *calls, size_t count, struct why *why)
{
	return true;
}
#endif
