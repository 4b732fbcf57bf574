//! Fault points: the places at which a crash must lose nothing. One list, so that tests can visit each.

use std::fmt;

use reentry_core::event::{CallEnd, Event};
use reentry_core::step::WaitFor;

/// A change to a run that is about to be stored, or was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// A new run.
    Created,
    /// The start of a run.
    Started,
    /// The claim of a suspension.
    Resumed,
    /// A step that waits.
    Suspended,
    /// A checkpoint.
    Checkpointed,
    /// A step that is done.
    Completed,
    /// A call that failed.
    Failed,
    /// A sleep that is over or a deadline that has passed.
    TimePassed,
    /// A cancellation.
    Canceled,
    /// Calls that go from a dead owner to this one.
    TakenOver,
    /// An entry that was put off.
    Continued,
    /// A message for a step that waits for an event.
    Received,
    /// A pause, or its end.
    Paused,
    /// A run that goes on after its end, or goes back.
    Revived,
    /// A run that moves to another version of its workflow.
    Migrated,
}

/// A moment at which the process may die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultPoint {
    /// A change is decided, nothing is stored.
    BeforeCommit(Stored),
    /// A change is stored, nothing has followed from it.
    AfterCommit(Stored),
    /// A guest is about to be called.
    BeforeCall,
    /// A guest has returned, nobody knows yet.
    AfterCall,
    /// A decision is about to be made that goes through large schemas or much data, on a thread of its own. Nothing has
    /// happened since the moment before it, so it is not among [`Self::all`].
    Deciding,
}

impl Stored {
    /// Every change there is.
    pub const ALL: [Self; 15] = [
        Self::Created,
        Self::Started,
        Self::Resumed,
        Self::Suspended,
        Self::Checkpointed,
        Self::Completed,
        Self::Failed,
        Self::TimePassed,
        Self::Canceled,
        Self::TakenOver,
        Self::Continued,
        Self::Received,
        Self::Paused,
        Self::Revived,
        Self::Migrated,
    ];

    /// The change that an event makes.
    pub(crate) fn of(event: &Event) -> Self {
        match event {
            Event::Started(..) => Self::Started,
            Event::Resumed(..) => Self::Resumed,
            Event::TimePassed { .. } => Self::TimePassed,
            Event::CancelRequested(_) => Self::Canceled,
            Event::TakenOver { .. } | Event::Tried { .. } => Self::TakenOver,
            Event::Continued { .. } => Self::Continued,
            Event::Received(_) => Self::Received,
            Event::PauseRequested | Event::Unpaused { .. } => Self::Paused,
            Event::Restarted(_) | Event::Traveled(_) | Event::Unblocked { .. } => Self::Revived,
            Event::Migrated(_) => Self::Migrated,
            Event::CallEnded(ended) => match &ended.end {
                CallEnd::Completed(_) | CallEnd::Bailed(_) => Self::Completed,
                CallEnd::Failed(_) => Self::Failed,
                CallEnd::Suspended { waits, .. }
                    if waits.waits.iter().any(|wait| wait.what == WaitFor::Checkpoint) =>
                {
                    Self::Checkpointed
                }
                CallEnd::Suspended { .. } => Self::Suspended,
            },
        }
    }
}

impl FaultPoint {
    /// Lists every moment at which something has changed.
    pub fn all() -> Vec<Self> {
        let commits =
            Stored::ALL.into_iter().flat_map(|what| [Self::BeforeCommit(what), Self::AfterCommit(what)]);
        commits.chain([Self::BeforeCall, Self::AfterCall]).collect()
    }
}

impl fmt::Display for FaultPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeforeCommit(what) => write!(f, "before-commit-{what:?}"),
            Self::AfterCommit(what) => write!(f, "after-commit-{what:?}"),
            Self::BeforeCall => f.write_str("before-call"),
            Self::AfterCall => f.write_str("after-call"),
            Self::Deciding => f.write_str("deciding"),
        }
    }
}

/// Called at every fault point, on whatever task passes it. A test ends the process there.
pub type FaultHook = std::sync::Arc<dyn Fn(FaultPoint) + Send + Sync>;
