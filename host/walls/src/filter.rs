//! The list of calls as the kernel takes it.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, BpfProgramRef, Error, Result, SeccompAction, SeccompCmpArgLen as Width, SeccompCmpOp as Op,
    SeccompCondition, SeccompFilter, SeccompRule,
};

use crate::calls::{CALLS, Only};

/// What puts a filter up.
pub(crate) type Apply = fn(BpfProgramRef<'_>) -> Result<()>;

/// `_IOWR('f', 16, struct pm_scan_arg)`.
const PAGEMAP_SCAN: u64 = 0xC060_6610;

/// `_IOR('T', 0x2A, struct termios2)`, with which newer C libraries ask whether something is a terminal.
const TCGETS2: u64 = 0x802C_542A;

const TERMINALS_AND_PIPES: [u64; 5] =
    [libc::TCGETS, libc::TIOCGWINSZ, libc::FIONBIO, libc::FIONREAD, libc::FIOCLEX];

const PR_SET_VMA: u64 = 0x5356_4D41;

/// Closes all calls but those of [`CALLS`].
pub(crate) fn close(apply: Apply) -> std::result::Result<(), String> {
    let closed = no_clone3().and_then(|filter| apply(&filter)).and_then(|()| apply(&listed()?));
    closed.map_err(|error| match error {
        Error::Seccomp(error) | Error::Prctl(error) => format!("this kernel has no seccomp: {error}"),
        other => other.to_string(),
    })
}

/// Tells the C library that there is no `clone3`: its arguments lie in memory, where no filter sees them.
fn no_clone3() -> Result<BpfProgram> {
    let rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let absent = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    program(rules, SeccompAction::Allow, absent)
}

fn listed() -> Result<BpfProgram> {
    let mut rules = BTreeMap::new();
    for listed in CALLS {
        for (_, number) in listed.calls {
            rules.insert(*number, conditions(listed.only)?);
        }
    }
    program(rules, SeccompAction::Errno(libc::EPERM.unsigned_abs()), SeccompAction::Allow)
}

fn program(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    others: SeccompAction,
    these: SeccompAction,
) -> Result<BpfProgram> {
    let arch = std::env::consts::ARCH.try_into()?;
    Ok(SeccompFilter::new(rules, others, these, arch)?.try_into()?)
}

/// The rules of which one must fit; none when anything does.
fn conditions(only: Only) -> Result<Vec<SeccompRule>> {
    let equal = |argument, value| SeccompCondition::new(argument, Width::Dword, Op::Eq, value);
    let zero = |argument| SeccompCondition::new(argument, Width::Qword, Op::Eq, 0);
    let any_of = |argument, values: &[u64]| {
        let rule = |value: &u64| Ok(SeccompRule::new(vec![equal(argument, *value)?])?);
        values.iter().map(rule).collect()
    };
    let own = u64::from(std::process::id());
    match only {
        Only::Any => Ok(Vec::new()),
        Only::Threads => {
            let thread = libc::CLONE_THREAD.unsigned_abs();
            let spaces = libc::CLONE_NEWNS
                | libc::CLONE_NEWCGROUP
                | libc::CLONE_NEWUTS
                | libc::CLONE_NEWIPC
                | libc::CLONE_NEWUSER
                | libc::CLONE_NEWPID
                | libc::CLONE_NEWNET;
            let mask = u64::from(thread | spaces.unsigned_abs());
            let threads = SeccompCondition::new(0, Width::Qword, Op::MaskedEq(mask), thread.into())?;
            Ok(vec![SeccompRule::new(vec![threads])?])
        }
        Only::Requests => any_of(1, &[&TERMINALS_AND_PIPES[..], &[PAGEMAP_SCAN, TCGETS2]].concat()),
        Only::Names => {
            let number = |option: i32| u64::from(option.unsigned_abs());
            let names = [
                number(libc::PR_SET_NAME),
                number(libc::PR_GET_NAME),
                number(libc::PR_GET_DUMPABLE),
                PR_SET_VMA,
            ];
            let mut rules: Vec<SeccompRule> = any_of(0, &names)?;
            // Hidden, and never shown again.
            rules.push(SeccompRule::new(vec![equal(0, number(libc::PR_SET_DUMPABLE))?, zero(1)?])?);
            Ok(rules)
        }
        Only::Local => {
            let number = |value: i32| u64::from(value.unsigned_abs());
            let unix = equal(0, number(libc::AF_UNIX))?;
            let flags = !number(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK) & u64::from(u32::MAX);
            let stream =
                SeccompCondition::new(1, Width::Dword, Op::MaskedEq(flags), number(libc::SOCK_STREAM))?;
            Ok(vec![SeccompRule::new(vec![unix, stream])?])
        }
        Only::Connected => Ok(vec![SeccompRule::new(vec![zero(4)?])?]),
        Only::Itself => any_of(0, &[own]),
        Only::Look => {
            let looks = |process| Ok(SeccompRule::new(vec![equal(0, process)?, zero(2)?])?);
            [0, own].into_iter().map(looks).collect()
        }
    }
}
