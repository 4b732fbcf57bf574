//! Why an event does not fit a run. Nothing is changed then.

use super::decision::SuspensionEnd;
use super::limits::{SAVED_STEPS_MAX, TRIALS_MAX};
use super::status::RunStatus;
use crate::digest::WorkflowDigest;
use crate::error::ErrorKind;
use crate::id::SuspensionId;
use crate::path::StepPath;
use crate::resume::TargetError;
use crate::schema::{SchemaError, Violations};
use crate::trace::TraceError;

/// Why an event does not fit a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// A run is started once.
    #[error("this workflow run was started before: it is {status}; create a new run to do the work again")]
    AlreadyStarted {
        /// How it stands.
        status: RunStatus,
    },
    /// Data breaks its schema.
    #[error("invalid {what}:{violations}")]
    Invalid {
        /// Which data: `input data`, `resume data`, `initial state`, `request context`.
        what: &'static str,
        /// Where and how.
        violations: Violations,
    },
    /// Data is larger than it may be.
    #[error("the {what} would have {bytes} bytes, at most {at_most} are allowed")]
    TooLarge {
        /// Which data.
        what: &'static str,
        /// What it would have.
        bytes: usize,
        /// What it may have.
        at_most: usize,
    },
    /// The initial state is not an object.
    #[error("the initial state must be a JSON object, found {found}")]
    StateNotObject {
        /// What was found instead.
        found: &'static str,
    },
    /// The target of a resume names no suspension, or several.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// More tries are claimed than the step's policy has.
    #[error("retryCount is {found}, but the retry policy of step `{path}` allows at most {allowed}")]
    RetryCount {
        /// The step.
        path: StepPath,
        /// As the request said.
        found: u32,
        /// Retries of the policy.
        allowed: u32,
    },
    /// Ids or sizes in the tracing options.
    #[error("tracing options: {0}")]
    Trace(#[from] TraceError),
    /// A run that ended cannot be cancelled.
    #[error("this workflow run cannot be canceled: it is {status}")]
    Ended {
        /// How it stands.
        status: RunStatus,
    },
    /// A run that is paused already, has not begun or has ended cannot be paused.
    #[error("this workflow run cannot be paused: it is {status}")]
    NotPausable {
        /// How it stands.
        status: RunStatus,
    },
    /// Only a paused run is let go on.
    #[error("this workflow run is not paused: it is {status}")]
    NotPaused {
        /// How it stands.
        status: RunStatus,
    },
    /// Nothing brings the run on any more: it takes a restart, a fork and a cancellation, nothing else.
    #[error("this workflow run is blocked: {reason}; restart it to have it tried once more, or cancel it")]
    Blocked {
        /// Why.
        reason: String,
    },
    /// Only a run that failed, was cancelled or is blocked is restarted.
    #[error(
        "this workflow run cannot be restarted: it is {status}; only a failed, canceled or blocked one can"
    )]
    NotRestartable {
        /// How it stands.
        status: RunStatus,
    },
    /// A run that ended with more open entries than are saved.
    #[error(
        "this workflow run cannot be restarted: more than {} of its entries were open when it ended, so it was not saved; send it back to an entry",
        SAVED_STEPS_MAX
    )]
    NotSaved,
    /// There is nothing to go on from.
    #[error("this workflow run cannot be forked there: it was {status}")]
    NotForkable {
        /// How it stood.
        status: RunStatus,
    },
    /// A run cannot go back to this entry.
    #[error("the run cannot go back to `{to}`: {reason}")]
    NotTravelable {
        /// The entry.
        to: StepPath,
        /// Why not.
        reason: String,
    },
    /// A run cannot move to this version.
    #[error("the run cannot move from workflow {from} to {to}: {reason}")]
    NotMigratable {
        /// What it follows.
        from: WorkflowDigest,
        /// What it was to follow.
        to: WorkflowDigest,
        /// Why not.
        reason: String,
    },
    /// The run has changed since what the event brings was prepared. To be prepared again.
    #[error("the run was at version {expected} when this was prepared, and is at version {found} now")]
    Changed {
        /// The version then.
        expected: u64,
        /// The version now.
        found: u64,
    },
    /// The call that ended is not the one the run waits for: it was taken over, or the run ended.
    #[error("step `{path}` does not wait for the end of call {call} any more")]
    Stale {
        /// The step.
        path: StepPath,
        /// Number of the call.
        call: u32,
    },
    /// A call ends each process that makes it.
    #[error("{} host processes ended while they made the call of step `{path}` and no other one", TRIALS_MAX)]
    EndsHosts {
        /// The step.
        path: StepPath,
    },
    /// There is nothing to do for this event now.
    #[error("nothing to do")]
    Idle,
    /// The run's record does not fit its workflow: it cannot have been written for it.
    #[error("the run's record names step `{path}`, which its workflow does not have")]
    Misfit {
        /// The step.
        path: StepPath,
    },
    /// The resume schema in the record of a suspension cannot be used, though it could when the suspension began.
    #[error("suspension `{suspension}`: its resume schema is {source}")]
    Schema {
        /// The suspension.
        suspension: SuspensionId,
        /// What is wrong with the schema.
        source: SchemaError,
    },
}

impl Refused {
    /// Who can act on it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::AlreadyStarted { .. } | Self::Ended { .. } => ErrorKind::Conflict,
            Self::NotPausable { .. } | Self::NotPaused { .. } | Self::Blocked { .. } => ErrorKind::Conflict,
            Self::NotRestartable { .. } | Self::NotSaved | Self::NotForkable { .. } => ErrorKind::Conflict,
            Self::NotMigratable { .. } => ErrorKind::Conflict,
            Self::Target(
                TargetError::NotSuspended { .. } | TargetError::Consumed { .. } | TargetError::Unseen { .. },
            ) => ErrorKind::Conflict,
            Self::Changed { .. } | Self::Stale { .. } | Self::Idle => ErrorKind::Conflict,
            Self::EndsHosts { .. } => ErrorKind::Guest,
            Self::Misfit { .. } | Self::Schema { .. } => ErrorKind::Damaged,
            _ => ErrorKind::Refused,
        }
    }

    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlreadyStarted { .. } => "already-started",
            Self::Invalid { .. } | Self::StateNotObject { .. } => "invalid-data",
            Self::Target(TargetError::NotSuspended { .. }) => "not-suspended",
            Self::Target(TargetError::Unknown { .. }) => "unknown-target",
            Self::Target(TargetError::Ambiguous { .. }) => "ambiguous-target",
            Self::Target(TargetError::Unseen { .. }) => "unseen-question",
            Self::Target(TargetError::Consumed { end: SuspensionEnd::Answered, .. }) => "already-answered",
            Self::Target(TargetError::Consumed { end: SuspensionEnd::Elapsed, .. }) => "expired",
            Self::Target(TargetError::Consumed { .. }) => "closed",
            Self::TooLarge { .. } => "too-large",
            Self::RetryCount { .. } => "retry-count",
            Self::Trace(_) => "invalid-trace",
            Self::Ended { .. } => "already-ended",
            Self::NotPausable { .. } => "not-pausable",
            Self::NotPaused { .. } => "not-paused",
            Self::NotRestartable { .. } | Self::NotSaved => "not-restartable",
            Self::Blocked { .. } => "blocked",
            Self::NotForkable { .. } => "not-forkable",
            Self::NotTravelable { .. } => "not-travelable",
            Self::NotMigratable { .. } => "not-migratable",
            Self::Changed { .. } => "changed",
            Self::Stale { .. } => "stale",
            Self::EndsHosts { .. } => "ends-hosts",
            Self::Idle => "idle",
            Self::Misfit { .. } | Self::Schema { .. } => "damaged-run",
        }
    }
}

/// The refusal of a run whose record names what its workflow does not have.
pub(super) fn misfit(path: &StepPath) -> Refused {
    Refused::Misfit { path: path.clone() }
}
