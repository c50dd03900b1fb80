#include "io/confine.h"

#include <sys/syscall.h>

#include "io/syscall_filter.h"

/* The leak checker stops the threads of its own process with ptrace(2). */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MAY_TRACE true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MAY_TRACE true
#endif
#endif

/* What a kernel header of ours does not know has no name here. */
static const int calls[] = {
    SYS_execve,
    SYS_execveat,
#ifndef MAY_TRACE
    SYS_ptrace,
    SYS_process_vm_readv,
#endif
    SYS_process_vm_writev,
#ifdef SYS_pidfd_getfd
    SYS_pidfd_getfd,
#endif
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
/* the same as mount(2), in steps */
#ifdef SYS_fsopen
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
#endif
#ifdef SYS_mount_setattr
    SYS_mount_setattr,
#endif
    SYS_unshare,
    SYS_setns,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_userfaultfd
    SYS_userfaultfd,
#endif
    SYS_acct,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_settimeofday,
    SYS_clock_settime,
};

bool
confine(struct why *why)
{
	return syscall_filter_forbid(calls, sizeof(calls) / sizeof(calls[0]),
				     why);
}
