//! How far a run is, and how it and its steps stand, as callers see it.

use serde::{Deserialize, Serialize};

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Created, not started.
    Pending,
    /// Started, not ended.
    Live,
    /// Ended with a result.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// Ended by request.
    Canceled,
}

/// The status of a run, as callers see it. On the wire in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RunStatus {
    /// Created, not started.
    Pending,
    /// A step is being called, or is about to be tried again by the one who called it.
    Running,
    /// Nothing to do before some instant.
    Waiting,
    /// At least one step waits for an answer, and nothing runs.
    Suspended,
    /// Ended with a result.
    Success,
    /// Ended with an error.
    Failed,
    /// Ended by request.
    Canceled,
    /// Not ended, and no guest is called until somebody lets it go on.
    Paused,
    /// Not ended, and nothing continues it, as that went wrong again and again. A restart tries once more.
    Blocked,
}

impl RunStatus {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Suspended => "suspended",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Paused => "paused",
            Self::Blocked => "blocked",
        }
    }

    /// Every status, in the order of life.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Running,
        Self::Waiting,
        Self::Suspended,
        Self::Success,
        Self::Failed,
        Self::Canceled,
        Self::Paused,
        Self::Blocked,
    ];

    /// Whether nothing more can happen to the run.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Canceled)
    }

    /// Whether nothing happens to the run by itself and nobody can answer it: it has ended, or is blocked.
    pub fn stands_still(self) -> bool {
        self.is_final() || self == Self::Blocked
    }
}

impl std::fmt::Display for RunStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The status of a step in results. On the wire in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum StepStatus {
    /// It is an item whose turn has not come.
    Pending,
    /// It is being called, or holds a step that is.
    Running,
    /// Nothing to do before some instant.
    Waiting,
    /// It waits for an answer.
    Suspended,
    /// It ended with an output.
    Success,
    /// It ended with an error.
    Failed,
    /// It was ended by request, or because the run ended without it.
    Canceled,
}
