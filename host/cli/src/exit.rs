//! Exit codes: the one place where they are decided.

use std::fmt::Write as _;
use std::process::ExitCode;

use reentry::core::error::ErrorKind;
use reentry::core::run::RunStatus;

/// How the command ended, as its caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// The command did what it was asked; of `run` and `resume`: the run succeeded.
    Done = 0,
    /// The host could not do its part.
    Unavailable = 1,
    /// The request cannot be served as it is. The same code as for wrong usage.
    Refused = 2,
    /// What was asked for does not exist.
    NotFound = 3,
    /// Somebody was faster, or it is done already.
    Conflict = 4,
    /// The component cannot be accepted.
    Guest = 5,
    /// Stored data is not what was written.
    Damaged = 6,
    /// The run waits for an answer.
    Suspended = 10,
    /// The run failed.
    Failed = 11,
    /// The run was canceled.
    Canceled = 12,
    /// The run waits for a time, or is at work in another process.
    Waiting = 13,
    /// The run is blocked.
    Blocked = 14,
    /// Interrupted from the keyboard: 128 and the number of the signal, as shells have it.
    Interrupted = 130,
}

/// All exit codes with their meaning, as help and `docs/exit-codes.md` show them.
pub(crate) const TABLE: [(Exit, &str); 13] = [
    (Exit::Done, "done; for `run` and `resume`: the run succeeded"),
    (
        Exit::Unavailable,
        "the host could not do its part: a file, the store or the runtime is unavailable; try again",
    ),
    (
        Exit::Refused,
        "wrong usage, or a request that cannot be served as it is, such as an answer that the step refuses; nothing was changed",
    ),
    (Exit::NotFound, "there is no such run, component, workflow, tenant or data folder"),
    (
        Exit::Conflict,
        "another request was faster, or it is done already: answered, expired, ended, started before; or it was asked after what was seen",
    ),
    (Exit::Guest, "the component was not accepted"),
    (Exit::Damaged, "stored data is not what was written"),
    (Exit::Suspended, "the run is suspended: a step waits for an answer"),
    (Exit::Failed, "the run failed"),
    (Exit::Canceled, "the run was canceled"),
    (
        Exit::Waiting,
        "the run waits for a time, such as that of another try, or is running in another process",
    ),
    (
        Exit::Blocked,
        "the run is blocked: continuing it went wrong again and again, or it has used what a run may; `runs \
         continue` tries once more",
    ),
    (Exit::Interrupted, "interrupted from the keyboard; nothing that was stored is lost"),
];

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Unavailable => Self::Unavailable,
            ErrorKind::Refused => Self::Refused,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::Conflict => Self::Conflict,
            ErrorKind::Guest => Self::Guest,
            ErrorKind::Damaged => Self::Damaged,
        }
    }
}

impl From<RunStatus> for Exit {
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Success => Self::Done,
            RunStatus::Suspended => Self::Suspended,
            RunStatus::Failed => Self::Failed,
            RunStatus::Canceled => Self::Canceled,
            RunStatus::Blocked => Self::Blocked,
            // Pending, running, waiting, paused: a process, a person or a time continues it.
            _ => Self::Waiting,
        }
    }
}

/// The table as text, one code a line.
pub(crate) fn table() -> String {
    TABLE.iter().fold(String::new(), |mut text, (exit, meaning)| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{:>5}  {meaning}", *exit as u8);
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_every_code_with_the_same_words() {
        let page = include_str!("../../../docs/exit-codes.md");
        for (exit, meaning) in TABLE {
            let row = format!("| {} | {meaning} |", exit as u8);
            assert!(page.contains(&row), "docs/exit-codes.md lacks the row: {row}");
        }
        assert_eq!(page.lines().filter(|line| line.starts_with("| ")).count(), TABLE.len() + 2);
    }

    #[test]
    fn every_status_has_its_code() {
        let codes = RunStatus::ALL.map(|status| (status.as_str(), Exit::from(status) as u8));
        insta::assert_compact_debug_snapshot!(codes, @r#"[("pending", 13), ("running", 13), ("waiting", 13), ("suspended", 10), ("success", 0), ("failed", 11), ("canceled", 12), ("paused", 13), ("blocked", 14)]"#);
    }
}
