//! Why an event does not fit a run. Nothing is changed then.

use std::fmt;

use super::codes;
use super::decision::SuspensionEnd;
use super::limits::{SAVED_STEPS_MAX, TRIALS_MAX};
use super::status::RunStatus;
use super::verdict::Blocked;
use crate::digest::WorkflowDigest;
use crate::error::{ErrorCode, ErrorKind};
use crate::id::SuspensionId;
use crate::path::StepPath;
use crate::resume::TargetError;
use crate::schema::{SchemaError, Violations};
use crate::trace::TraceError;

/// Data that a request brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestPart {
    /// The input of a workflow or entry.
    Input,
    /// An answer.
    ResumeData,
    /// The state with which a run begins.
    InitialState,
    /// What callers say beside the input.
    RequestContext,
}

impl fmt::Display for RequestPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "input data",
            Self::ResumeData => "resume data",
            Self::InitialState => "initial state",
            Self::RequestContext => "request context",
        })
    }
}

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
    #[error("invalid {part}:{violations}")]
    Invalid {
        /// Which data.
        part: RequestPart,
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
    /// Nothing brings the run on any more: it can be continued, forked and canceled, nothing else.
    #[error("this workflow run is blocked: {why}; continue it to have it tried once more, or cancel it")]
    Blocked {
        /// Why.
        why: Blocked,
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
        self.error_code().kind
    }

    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        self.error_code().word
    }

    /// The row of the table of codes that it has.
    pub fn error_code(&self) -> &'static ErrorCode {
        match self {
            Self::AlreadyStarted { .. } => &codes::ALREADY_STARTED,
            Self::Invalid { .. } | Self::StateNotObject { .. } => &codes::INVALID_DATA,
            Self::Target(TargetError::NotSuspended { .. }) => &codes::NOT_SUSPENDED,
            Self::Target(TargetError::Unknown { .. }) => &codes::UNKNOWN_TARGET,
            Self::Target(TargetError::Ambiguous { .. }) => &codes::AMBIGUOUS_TARGET,
            Self::Target(TargetError::Unseen { .. }) => &codes::UNSEEN_QUESTION,
            Self::Target(TargetError::Consumed { end: SuspensionEnd::Answered, .. }) => {
                &codes::ALREADY_ANSWERED
            }
            Self::Target(TargetError::Consumed { end: SuspensionEnd::Elapsed, .. }) => &codes::EXPIRED,
            Self::Target(TargetError::Consumed { .. }) => &codes::CLOSED,
            Self::TooLarge { .. } => &codes::TOO_LARGE,
            Self::RetryCount { .. } => &codes::RETRY_COUNT,
            Self::Trace(_) => &codes::INVALID_TRACE,
            Self::Ended { .. } => &codes::ALREADY_ENDED,
            Self::NotPausable { .. } => &codes::NOT_PAUSABLE,
            Self::NotPaused { .. } => &codes::NOT_PAUSED,
            Self::NotRestartable { .. } | Self::NotSaved => &codes::NOT_RESTARTABLE,
            Self::Blocked { .. } => &codes::BLOCKED,
            Self::NotForkable { .. } => &codes::NOT_FORKABLE,
            Self::NotTravelable { .. } => &codes::NOT_TRAVELABLE,
            Self::NotMigratable { .. } => &codes::NOT_MIGRATABLE,
            Self::Changed { .. } => &codes::CHANGED,
            Self::Stale { .. } => &codes::STALE,
            Self::EndsHosts { .. } => &codes::ENDS_HOSTS,
            Self::Idle => &codes::IDLE,
            Self::Misfit { .. } | Self::Schema { .. } => &codes::DAMAGED_RUN,
        }
    }
}

/// The refusal of a run whose record names what its workflow does not have.
pub(super) fn misfit(path: &StepPath) -> Refused {
    Refused::Misfit { path: path.clone() }
}
