#include "dmarc-reporter/intake_sandbox.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/why.h"
#include "io/syscall_filter.h"

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

/* What reading has no use for. */
static const int calls[] = {
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_unlinkat,
    SYS_renameat2,
    SYS_mkdirat,
    SYS_linkat,
    SYS_symlinkat,
    SYS_fchmodat,
    SYS_fchownat,
    SYS_mount,
    SYS_unshare,
    SYS_setns,
    SYS_bpf,
    SYS_keyctl,
    SYS_perf_event_open,
#ifdef SYS_renameat
    SYS_renameat,
#endif
#ifdef SYS_unlink
    SYS_unlink,
    SYS_rename,
    SYS_mkdir,
    SYS_link,
    SYS_symlink,
    SYS_chmod,
    SYS_chown,
#endif
};

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
	return syscall_filter_forbid(calls, sizeof(calls) / sizeof(calls[0]),
				     why);
}
