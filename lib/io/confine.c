#include "io/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/why.h"

/* The leak checker stops the threads of its own process with ptrace(2). */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MAY_TRACE true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MAY_TRACE true
#endif
#endif

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef OUR_ARCH
#define LOAD(member)                                                           \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                                     \
		 offsetof(struct seccomp_data, member))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define FORBID(call)                                                           \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1),                     \
	    RETURN(SECCOMP_RET_ERRNO | EPERM)

bool
confine(struct why *why)
{
	static struct sock_filter filter[] = {
	    LOAD(arch),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0),
	    RETURN(SECCOMP_RET_KILL_PROCESS),
	    LOAD(nr),
	    /* x32 */
	    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
	    RETURN(SECCOMP_RET_KILL_PROCESS),
	    FORBID(SYS_execve),
	    FORBID(SYS_execveat),
#ifndef MAY_TRACE
	    FORBID(SYS_ptrace),
	    FORBID(SYS_process_vm_readv),
#endif
	    FORBID(SYS_process_vm_writev),
	    FORBID(SYS_mount),
	    FORBID(SYS_umount2),
	    FORBID(SYS_pivot_root),
	    FORBID(SYS_chroot),
	    FORBID(SYS_unshare),
	    FORBID(SYS_setns),
	    FORBID(SYS_bpf),
	    FORBID(SYS_perf_event_open),
	    FORBID(SYS_add_key),
	    FORBID(SYS_request_key),
	    FORBID(SYS_keyctl),
	    FORBID(SYS_init_module),
	    FORBID(SYS_finit_module),
	    FORBID(SYS_delete_module),
	    FORBID(SYS_kexec_load),
#ifdef SYS_kexec_file_load
	    FORBID(SYS_kexec_file_load),
#endif
#ifdef SYS_userfaultfd
	    FORBID(SYS_userfaultfd),
#endif
	    FORBID(SYS_acct),
	    FORBID(SYS_reboot),
	    FORBID(SYS_swapon),
	    FORBID(SYS_swapoff),
	    FORBID(SYS_settimeofday),
	    FORBID(SYS_clock_settime),
	    RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return why_set(why, "cannot give up new privileges: %s",
			       strerror(errno));
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ||
	    errno == EINVAL) /* a kernel without it */
		return true;
	return why_set(why, "cannot forbid system calls: %s", strerror(errno));
}
#else
bool
confine(struct why *why)
{
	return true;
}
#endif
