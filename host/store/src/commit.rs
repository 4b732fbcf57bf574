//! One change to one run: the unit of storing.

use reentry_core::id::{RunId, SnapshotId, SuspensionId};
use reentry_core::path::StepPath;
use reentry_core::run::{Run, Step, Suspension};
use reentry_core::time::Timestamp;

pub use reentry_core::run::{Durability, SuspensionEnd};

/// All that one decision about a run changes.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The run after the change. Its `steps` must be all that are not done then: the status, by which lists and orphans are
    /// found, is taken from them. What is stored of steps comes from `steps` below.
    pub run: Run,
    /// The version that the change builds on, lower than that of `run`; `None` creates the run.
    pub expected: Option<u64>,
    /// Records of steps that are new or changed. One whose step is done is kept, but no longer read with the run.
    pub steps: Vec<(StepPath, Step)>,
    /// Suspensions that begin.
    pub opened: Vec<NewSuspension>,
    /// Suspensions that end. Each must be open.
    pub closed: Vec<(SuspensionId, SuspensionEnd)>,
    /// Guests' memories to keep.
    pub images: Vec<(SnapshotId, Vec<u8>)>,
    /// Guests' memories that nobody needs any more.
    pub dropped_images: Vec<SnapshotId>,
    /// What must have happened before the caller is told.
    pub durability: Durability,
}

/// A suspension that begins. What it shows to the one who answers is in the step's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSuspension {
    /// The suspension.
    pub id: SuspensionId,
    /// The step that waits.
    pub path: StepPath,
    /// Labels by which it may be addressed.
    pub labels: Vec<String>,
    /// Whether a person or system may answer it (as opposed to a wait for time or an event).
    pub takes_answer: bool,
    /// Since when the step waits.
    pub since: Timestamp,
    /// When something happens by itself.
    pub due_at: Option<Timestamp>,
}

impl NewSuspension {
    /// What is stored of a suspension that begins at a step.
    pub fn of(path: StepPath, suspension: &Suspension) -> Self {
        Self {
            id: suspension.id,
            path,
            labels: suspension.labels().to_vec(),
            takes_answer: suspension.takes_answer(),
            since: suspension.since,
            due_at: suspension.due_at(),
        }
    }
}

/// Why a commit was not stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// Somebody else changed the run first. Read it again and decide again.
    #[error("run {run} is not at version {expected:?} any more (found {found:?})")]
    VersionConflict {
        /// The run.
        run: RunId,
        /// The version that the change builds on; `None` for a new run.
        expected: Option<u64>,
        /// The version found; `None` when there is no such run.
        found: Option<u64>,
    },
    /// A suspension that was to end is not open: it ended before, or never was.
    #[error("suspension {suspension} of run {run} is not open")]
    SuspensionTaken {
        /// The run.
        run: RunId,
        /// The suspension.
        suspension: SuspensionId,
    },
    /// The store could not be used. Whether the change is stored is then unknown until the run is read again.
    #[error(transparent)]
    Store(#[from] crate::StoreError),
}
