#include "dmarc-reporter/intake_sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/why.h"

#define FILES_MOST 64

/* Sanitizers map more memory than any bound that is one. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

/* Never raises what is lower already. */
static bool
limit(int resource, uint64_t most, struct why *why)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)resource, &now) == 0) {
		if (now.rlim_max > most)
			now.rlim_max = (rlim_t)most;
		if (now.rlim_cur > now.rlim_max)
			now.rlim_cur = now.rlim_max;
		if (setrlimit((__rlimit_resource_t)resource, &now) == 0)
			return true;
	}
	return why_set(why, "cannot limit resource %d: %s", resource,
		       strerror(errno));
}

bool
intake_sandbox_program(uint64_t file_bytes, struct why *why)
{
	/* a write beyond it fails, as on a full disk */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return why_set(why, "cannot give up new privileges: %s",
			       strerror(errno));
	return limit(RLIMIT_CORE, 0, why) &&
	       limit(RLIMIT_NOFILE, FILES_MOST, why) &&
	       limit(RLIMIT_FSIZE, file_bytes, why);
}

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

/* What reading has no use for; the call fails, so that a library that tries
 * it goes on.  Calls of another architecture, x32 among them, end the
 * process. */
static bool
forbid_calls(struct why *why)
{
	static struct sock_filter filter[] = {
	    LOAD(arch),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0),
	    RETURN(SECCOMP_RET_KILL_PROCESS),
	    LOAD(nr),
	    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
	    RETURN(SECCOMP_RET_KILL_PROCESS),
	    FORBID(SYS_socket),
	    FORBID(SYS_socketpair),
	    FORBID(SYS_connect),
	    FORBID(SYS_bind),
	    FORBID(SYS_execve),
	    FORBID(SYS_execveat),
	    FORBID(SYS_ptrace),
	    FORBID(SYS_process_vm_readv),
	    FORBID(SYS_process_vm_writev),
	    FORBID(SYS_unlinkat),
	    FORBID(SYS_renameat2),
	    FORBID(SYS_mkdirat),
	    FORBID(SYS_linkat),
	    FORBID(SYS_symlinkat),
	    FORBID(SYS_fchmodat),
	    FORBID(SYS_fchownat),
	    FORBID(SYS_mount),
	    FORBID(SYS_unshare),
	    FORBID(SYS_setns),
	    FORBID(SYS_bpf),
	    FORBID(SYS_keyctl),
	    FORBID(SYS_perf_event_open),
#ifdef SYS_unlink
	    FORBID(SYS_unlink),
	    FORBID(SYS_rename),
	    FORBID(SYS_mkdir),
	    FORBID(SYS_link),
	    FORBID(SYS_symlink),
	    FORBID(SYS_chmod),
	    FORBID(SYS_chown),
#endif
	    RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ||
	    errno == EINVAL) /* a kernel without it */
		return true;
	return why_set(why, "cannot forbid system calls: %s", strerror(errno));
}
#else
static bool
forbid_calls(struct why *why)
{
	return true;
}
#endif

bool
intake_sandbox_reader(bool writes_files, struct why *why)
{
	if (!limit(RLIMIT_CPU, INTAKE_CPU_S, why) ||
	    !limit(RLIMIT_NPROC, 0, why))
		return false;
	if (!writes_files && !limit(RLIMIT_FSIZE, 0, why))
		return false;
	if (!IS_SANITIZED && !limit(RLIMIT_AS, INTAKE_MEMORY_BYTES, why))
		return false;
	return forbid_calls(why);
}
