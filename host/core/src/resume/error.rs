//! Why a target names no suspension.

use super::candidates::Candidates;
use super::target::Target;
use crate::run::{RunState, RunStatus, SuspensionEnd};
use crate::time::Timestamp;

/// A target that names no suspension, or several.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Nothing of the run waits for an answer.
    #[error("this workflow run was not suspended: it is {status}")]
    NotSuspended {
        /// How it stands.
        status: RunStatus,
    },
    /// The target names none of the open suspensions: it is unknown, or was answered before.
    #[error("{target} was not suspended; suspended steps: {open}")]
    Unknown {
        /// As the request said.
        target: Box<Target>,
        /// What is open.
        open: Candidates,
    },
    /// The suspension that the target names is over.
    #[error("{target} {} at {at}{}; suspended steps: {open}", became(.end), given_by(.by.as_deref()))]
    Consumed {
        /// As the request said.
        target: Box<Target>,
        /// How it ended.
        end: SuspensionEnd,
        /// When it ended; for what expired, when its time was over.
        at: Timestamp,
        /// Who answered, if a caller did and that is recorded.
        by: Option<String>,
        /// What is open.
        open: Candidates,
    },
    /// What the target names was opened after what the caller has seen.
    #[error(
        "{target} was suspended after version {seen} of the run, which is the last that the request knows of; suspended steps: {open}"
    )]
    Unseen {
        /// As the request said.
        target: Box<Target>,
        /// The version that the caller has seen.
        seen: u64,
        /// Those that fit.
        open: Candidates,
    },
    /// The target leaves several open suspensions to choose from.
    #[error("multiple suspended steps found for {target}: {open}; name one of them")]
    Ambiguous {
        /// As the request said.
        target: Box<Target>,
        /// Those that fit.
        open: Candidates,
    },
}

fn became(end: &SuspensionEnd) -> &'static str {
    match end {
        SuspensionEnd::Answered => "was answered",
        SuspensionEnd::Elapsed => "expired",
        SuspensionEnd::Received | SuspensionEnd::Finished | SuspensionEnd::Closed => "was closed",
    }
}

fn given_by(name: Option<&str>) -> String {
    name.map(|name| format!(" by {name}")).unwrap_or_default()
}

impl TargetError {
    /// What became of the suspension that is over, if that is why.
    pub fn over(&self) -> Option<String> {
        match self {
            Self::Consumed { end, at, by: name, .. } => {
                Some(format!("it {} at {at}{}", became(end), given_by(name.as_deref())))
            }
            _ => None,
        }
    }

    /// A suspension that was there, and ended; if by an answer, by whom.
    pub fn consumed(
        run: &RunState,
        target: Target,
        end: SuspensionEnd,
        at: Timestamp,
        by: Option<String>,
    ) -> Self {
        Self::Consumed {
            target: Box::new(target),
            end,
            at,
            by,
            open: Candidates::of(&run.answerable().collect::<Vec<_>>()),
        }
    }
}
