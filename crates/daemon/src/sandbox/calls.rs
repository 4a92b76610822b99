//! System calls: those that a daemon that runs already makes, and no others.
//!
//! What is not in the list fails with EPERM, as for somebody without the right to it, and does not
//! kill: a library that tries something new falls back on something old, and a list with a gap
//! costs one message an answer, not all mail its milter.

use std::collections::BTreeMap;

/// A call, and what its arguments must be like.
type Rules = BTreeMap<i64, Vec<seccompiler::SeccompRule>>;

/// Filters the calls of this process from now on.
///
/// # Errors
/// Why that cannot be done.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(super) fn filter() -> Result<(), String> {
    use nix::libc::{ENOSYS, EPERM};
    use seccompiler::SeccompAction::{Allow, Errno};
    let number = |errno: i32| u32::try_from(errno).unwrap_or_default();
    // The C library goes back to older calls only where it is told that there are no newer ones.
    let unknown = program(list::newer(), Allow, Errno(number(ENOSYS)))?;
    let allowed = program(list::allowed()?, Errno(number(EPERM)), Allow)?;
    // The second has the last word on what both refuse, so what it would refuse is in its list.
    for program in [unknown, allowed] {
        seccompiler::apply_filter_all_threads(&program).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// There is no list for this kind of processor.
///
/// # Errors
/// Always.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn filter() -> Result<(), String> {
    Err(format!("there is no list of calls for {}", std::env::consts::ARCH))
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn program(
    rules: Rules,
    otherwise: seccompiler::SeccompAction,
    listed: seccompiler::SeccompAction,
) -> Result<seccompiler::BpfProgram, String> {
    let why = |error: seccompiler::BackendError| error.to_string();
    let arch = std::env::consts::ARCH.try_into().map_err(why)?;
    let filter = seccompiler::SeccompFilter::new(rules, otherwise, listed, arch).map_err(why)?;
    filter.try_into().map_err(why)
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod list {
    use super::Rules;
    use nix::libc;
    use seccompiler::SeccompCmpArgLen::{Dword, Qword};
    use seccompiler::SeccompCmpOp::{Eq, MaskedEq};
    use seccompiler::{SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};

    /// With any arguments.
    const PLAIN: &[libc::c_long] = &[
        // Files and directories: which ones is for Landlock to say.
        libc::SYS_openat,
        libc::SYS_close,
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_pread64,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_lseek,
        libc::SYS_fstat,
        libc::SYS_newfstatat,
        libc::SYS_statx,
        libc::SYS_faccessat,
        libc::SYS_faccessat2,
        libc::SYS_readlinkat,
        libc::SYS_getdents64,
        libc::SYS_getcwd,
        libc::SYS_unlinkat,
        libc::SYS_fcntl,
        libc::SYS_dup,
        libc::SYS_dup3,
        libc::SYS_pipe2,
        // Sockets that are there already, and connections that are made.
        libc::SYS_accept4,
        libc::SYS_bind,
        libc::SYS_connect,
        libc::SYS_socketpair,
        libc::SYS_getsockname,
        libc::SYS_getpeername,
        libc::SYS_getsockopt,
        libc::SYS_setsockopt,
        libc::SYS_sendto,
        libc::SYS_sendmsg,
        libc::SYS_sendmmsg,
        libc::SYS_recvfrom,
        libc::SYS_recvmsg,
        libc::SYS_recvmmsg,
        libc::SYS_shutdown,
        // Waiting.
        libc::SYS_epoll_create1,
        libc::SYS_epoll_ctl,
        libc::SYS_epoll_pwait,
        libc::SYS_epoll_pwait2,
        libc::SYS_ppoll,
        libc::SYS_pselect6,
        libc::SYS_eventfd2,
        libc::SYS_futex,
        libc::SYS_nanosleep,
        libc::SYS_clock_nanosleep,
        libc::SYS_restart_syscall,
        libc::SYS_sched_yield,
        // Time, chance, and who we are.
        libc::SYS_clock_gettime,
        libc::SYS_clock_getres,
        libc::SYS_gettimeofday,
        libc::SYS_getrandom,
        libc::SYS_getpid,
        libc::SYS_getppid,
        libc::SYS_gettid,
        libc::SYS_getuid,
        libc::SYS_geteuid,
        libc::SYS_getgid,
        libc::SYS_getegid,
        libc::SYS_uname,
        libc::SYS_sysinfo,
        libc::SYS_getrusage,
        libc::SYS_getcpu,
        libc::SYS_sched_getaffinity,
        // Memory; what may be executed is below.
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_membarrier,
        // Threads, signals, and the end.
        libc::SYS_set_robust_list,
        libc::SYS_rseq,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_tgkill,
        libc::SYS_exit,
        libc::SYS_exit_group,
        // Leaving the terminal.
        libc::SYS_setsid,
    ];

    /// What the C library still calls on the older kind of processor.
    #[cfg(target_arch = "x86_64")]
    const OLDER: &[libc::c_long] = &[
        libc::SYS_open,
        libc::SYS_stat,
        libc::SYS_lstat,
        libc::SYS_access,
        libc::SYS_readlink,
        libc::SYS_unlink,
        libc::SYS_dup2,
        libc::SYS_poll,
        libc::SYS_select,
        libc::SYS_epoll_wait,
        libc::SYS_time,
        libc::SYS_getrlimit,
    ];
    #[cfg(not(target_arch = "x86_64"))]
    const OLDER: &[libc::c_long] = &[];

    /// What there is not, as far as we are concerned: their arguments are in memory, where a filter
    /// cannot see them, and there is an older call for each.
    pub(super) fn newer() -> Rules {
        [libc::SYS_clone3, libc::SYS_openat2].map(|call| (call, Vec::new())).into()
    }

    pub(super) fn allowed() -> Result<Rules, String> {
        let mut rules: Rules = PLAIN.iter().chain(OLDER).map(|call| (*call, Vec::new())).collect();
        rules.extend(newer());
        let one_of = |argument: u8, values: &[u64]| -> Result<Vec<SeccompRule>, String> {
            values.iter().map(|value| only((argument, Dword, Eq), *value)).collect()
        };
        let constant = |number: i32| u64::try_from(number).map_err(|error| error.to_string());
        let thread = constant(libc::CLONE_THREAD)?;
        let exec = constant(libc::PROT_EXEC)?;
        let families = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6].map(constant);
        let families = families.into_iter().collect::<Result<Vec<u64>, _>>()?;
        let options = [libc::PR_SET_NAME, libc::PR_GET_NAME, libc::PR_SET_VMA].map(constant);
        let options = options.into_iter().collect::<Result<Vec<u64>, _>>()?;
        // Which is all that a socket, a terminal's file and the name of an interface need.
        let requests = [libc::FIONBIO, libc::FIOCLEX, libc::TCGETS, libc::SIOCGIFINDEX];
        let no_code = || only((2, Dword, MaskedEq(exec)), 0).map(|rule| vec![rule]);
        rules.extend([
            // A thread, never a process.
            (libc::SYS_clone, vec![only((0, Qword, MaskedEq(thread)), thread)?]),
            // No memory that could be executed, so no code that was not there at the start.
            (libc::SYS_mmap, no_code()?),
            (libc::SYS_mprotect, no_code()?),
            (libc::SYS_socket, one_of(0, &families)?),
            (libc::SYS_prctl, one_of(0, &options)?),
            (libc::SYS_ioctl, one_of(1, &requests)?),
            // Limits are looked at and not changed.
            (libc::SYS_prlimit64, vec![only((2, Qword, Eq), 0)?]),
        ]);
        Ok(rules)
    }

    /// The call is allowed when that argument compares like this.
    fn only(
        (argument, length, how): (u8, SeccompCmpArgLen, SeccompCmpOp),
        value: u64,
    ) -> Result<SeccompRule, String> {
        let condition = SeccompCondition::new(argument, length, how, value);
        condition
            .and_then(|condition| SeccompRule::new(vec![condition]))
            .map_err(|error| error.to_string())
    }
}
