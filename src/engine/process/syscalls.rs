//! The system calls that a locked-in worker loses. Everything else stays: a deny list survives new C libraries, and
//! Landlock and the resource limits stand behind it.

use libc::*;

/// Refused with EPERM whatever the arguments.
#[rustfmt::skip]
pub(super) const DENIED: &[c_long] = &[
    // the network, and any talk to other processes
    SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4,
    SYS_sendto, SYS_sendmsg, SYS_sendmmsg,
    SYS_shmget, SYS_shmat, SYS_shmctl, SYS_semget, SYS_semctl, SYS_semop, SYS_msgget, SYS_msgsnd, SYS_msgrcv, SYS_msgctl,
    SYS_mq_open, SYS_mq_unlink,
    // other processes
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_process_madvise, SYS_kcmp,
    SYS_pidfd_open, SYS_pidfd_getfd, SYS_pidfd_send_signal,
    SYS_kill, SYS_tkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo,
    SYS_setpriority, SYS_ioprio_set, SYS_sched_setaffinity, SYS_sched_setscheduler, SYS_sched_setattr,
    SYS_setpgid, SYS_setsid,
    // new programs
    SYS_execve, SYS_execveat,
    // namespaces and mounts
    SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot,
    SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr,
    // the kernel's wide and young surfaces
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    SYS_keyctl, SYS_add_key, SYS_request_key,
    SYS_fanotify_init, SYS_fanotify_mark, SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_ioctl,
    // the machine
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_swapon, SYS_swapoff,
    SYS_acct, SYS_quotactl, SYS_syslog, SYS_sethostname, SYS_setdomainname, SYS_vhangup,
    SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime, SYS_personality,
    // who we are
    SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setfsuid, SYS_setfsgid,
    SYS_setgroups, SYS_capset,
    // changes to files that Landlock does not see (modes, owners, times, attributes), or not on kernels before 6.2
    SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat, SYS_utimensat, SYS_truncate,
    SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr,
    452, // fchmodat2: same number on every architecture
    463, // setxattrat
    466, // removexattrat
];

/// Those that exist on 64-bit x86 only.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
pub(super) const DENIED_HERE: &[c_long] = &[
    SYS_fork, SYS_vfork, SYS_chmod, SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat,
    SYS_iopl, SYS_ioperm, SYS_kexec_file_load, SYS_uselib, SYS_modify_ldt,
];

/// Those that exist on this architecture only.
#[cfg(not(target_arch = "x86_64"))]
pub(super) const DENIED_HERE: &[c_long] = &[];

/// Set in the numbers of the x32 calling convention, by which a filter on plain numbers could be walked around.
#[cfg(target_arch = "x86_64")]
pub(super) const X32_BIT: c_long = 0x4000_0000;
/// The calls that x32 numbers differently (execve, ptrace, ioctl, sendmsg, …).
#[cfg(target_arch = "x86_64")]
pub(super) const X32_OWN: std::ops::RangeInclusive<c_long> = 512..=547;
