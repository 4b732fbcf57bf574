//! The calls to the system that a process behind walls still makes.

/// What happens to a call that is not listed: it fails with this error, and nothing is done. The process is not killed
/// for one: another version of the C library may try a newer call first and fall back to a listed one, and that must
/// not end what a host has under way. What broke out gains as little by an error as by the end.
pub const REFUSAL: &str = "EPERM";

/// Calls that are made for the same reason.
#[derive(Clone, Copy, Debug)]
pub struct Calls {
    /// Their names with their numbers on this machine.
    pub calls: &'static [(&'static str, i64)],
    /// With which arguments alone, if not with any.
    pub only: Only,
    /// Why the process needs them.
    pub why: &'static str,
}

/// With which arguments a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// With any.
    Any,
    /// For threads of this process: neither processes nor namespaces.
    Threads,
    /// For terminals and pipes that are open, and to read the page map.
    Requests,
    /// For names of threads and memory, and to hide the memory of the process.
    Names,
    /// For streams between threads of this process.
    Local,
    /// Without an address to send to.
    Connected,
    /// With this process as the first argument.
    Itself,
    /// To look at a limit of this process, not to set one.
    Look,
}

impl Only {
    /// In words, for tables.
    pub fn text(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Threads => "threads of this process: neither processes nor namespaces",
            Self::Requests => "open terminals and pipes, and the page map",
            Self::Names => "names of threads and memory, and hiding the memory of the process",
            Self::Local => "streams between threads of this process",
            Self::Connected => "without an address",
            Self::Itself => "for this process",
            Self::Look => "for this process, without setting a limit",
        }
    }
}

/// Names of calls with their numbers.
#[cfg(target_os = "linux")]
macro_rules! calls {
    ($($name:ident)*) => { &[$((stringify!($name).split_at(4).1, libc::$name)),*] };
}

/// All calls.
#[cfg(not(target_os = "linux"))]
pub const CALLS: &[Calls] = &[];

/// All calls.
#[cfg(target_os = "linux")]
pub const CALLS: &[Calls] = &[
    Calls {
        calls: calls![SYS_brk SYS_madvise SYS_memfd_create SYS_mmap SYS_mprotect SYS_mremap SYS_munmap],
        only: Only::Any,
        why: "memory of the host and of guests; their code",
    },
    Calls {
        calls: calls![
            SYS_close SYS_copy_file_range SYS_dup SYS_faccessat SYS_faccessat2 SYS_fallocate SYS_fchmod SYS_fchown SYS_fcntl SYS_fdatasync SYS_flock SYS_fstat SYS_fstatfs SYS_fsync SYS_ftruncate
            SYS_getcwd SYS_getdents64 SYS_linkat SYS_lseek SYS_mkdirat SYS_newfstatat SYS_openat SYS_openat2
            SYS_pread64 SYS_pwrite64 SYS_read SYS_readlinkat SYS_readv SYS_renameat SYS_renameat2 SYS_sendfile
            SYS_statx SYS_umask SYS_unlinkat SYS_write SYS_writev
        ],
        only: Only::Any,
        why: "files, within the places above",
    },
    #[cfg(target_arch = "x86_64")]
    Calls {
        calls: calls![
            SYS_access SYS_link SYS_lstat SYS_mkdir SYS_open SYS_readlink SYS_rename SYS_rmdir SYS_stat
            SYS_unlink
        ],
        only: Only::Any,
        why: "the same, as older programs of this processor name it",
    },
    Calls {
        calls: calls![
            SYS_clone3 SYS_exit SYS_exit_group SYS_futex SYS_gettid SYS_membarrier SYS_restart_syscall SYS_rseq
            SYS_sched_getaffinity SYS_sched_yield SYS_set_robust_list
        ],
        only: Only::Any,
        why: "threads; `clone3` says that it is not there, so that `clone` is used, whose arguments can be checked",
    },
    Calls { calls: calls![SYS_clone], only: Only::Threads, why: "threads" },
    Calls { calls: calls![SYS_prctl], only: Only::Names, why: "threads; hiding what tenants have in memory" },
    Calls {
        calls: calls![SYS_rt_sigaction SYS_rt_sigprocmask SYS_rt_sigreturn SYS_sigaltstack],
        only: Only::Any,
        why: "traps of guests; Ctrl-C and SIGTERM",
    },
    Calls {
        calls: calls![SYS_tgkill],
        only: Only::Itself,
        why: "ending after a fault that cannot be mended",
    },
    Calls {
        calls: calls![
            SYS_clock_getres SYS_clock_gettime SYS_clock_nanosleep SYS_epoll_create1 SYS_epoll_ctl SYS_epoll_pwait
            SYS_eventfd2 SYS_gettimeofday SYS_nanosleep SYS_pipe2 SYS_ppoll
        ],
        only: Only::Any,
        why: "time, and waiting for several things at once",
    },
    #[cfg(target_arch = "x86_64")]
    Calls {
        calls: calls![SYS_epoll_wait SYS_poll SYS_time],
        only: Only::Any,
        why: "the same, as older programs of this processor name it",
    },
    Calls { calls: calls![SYS_socketpair], only: Only::Local, why: "signals that wake a waiting thread" },
    Calls { calls: calls![SYS_recvfrom SYS_recvmsg], only: Only::Any, why: "the same" },
    Calls { calls: calls![SYS_sendto], only: Only::Connected, why: "the same" },
    Calls {
        calls: calls![SYS_ioctl],
        only: Only::Requests,
        why: "width of the terminal; what a guest has written",
    },
    Calls {
        calls: calls![
            SYS_getegid SYS_geteuid SYS_getgid SYS_getpid SYS_getppid SYS_getrandom SYS_getrusage SYS_getuid
            SYS_sysinfo SYS_uname
        ],
        only: Only::Any,
        why: "who and where the process is; chance",
    },
    Calls { calls: calls![SYS_prlimit64], only: Only::Look, why: "size of the stack" },
];

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_leads_out_is_listed() {
        let out = [
            "accept4",
            "bind",
            "bpf",
            "chmod",
            "chown",
            "connect",
            "execve",
            "execveat",
            "fchmodat",
            "fork",
            "init_module",
            "io_uring_setup",
            "kexec_load",
            "keyctl",
            "kill",
            "memfd_secret",
            "mount",
            "move_mount",
            "open_by_handle_at",
            "perf_event_open",
            "pidfd_getfd",
            "pidfd_open",
            "process_vm_readv",
            "process_vm_writev",
            "ptrace",
            "seccomp",
            "sendmsg",
            "setns",
            "setuid",
            "socket",
            "symlinkat",
            "truncate",
            "unshare",
            "userfaultfd",
            "vfork",
        ];
        let listed: Vec<&str> = CALLS.iter().flat_map(|calls| calls.calls).map(|(name, _)| *name).collect();
        assert_eq!(out.into_iter().find(|name| listed.contains(name)), None);
        assert!(listed.len() > 80, "only {} are listed", listed.len());
    }
}
