//! Effects: what has to be done once a decision is stored.
//!
//! An effect carries no data beside its address: all that performing it needs is in the run, so that
//! whoever takes a run over after a crash finds the same effect there.

use crate::id::SuspensionId;
use crate::path::StepPath;
use crate::time::Timestamp;

/// Something to do. Each ends as an event about the same run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Make the call that the step's record holds; it ends as [`crate::event::Event::CallEnded`].
    Call {
        /// The step.
        path: StepPath,
        /// Not before this instant: the wait of a retry.
        not_before: Option<Timestamp>,
    },
    /// Enter an entry that was put off; it ends as [`crate::event::Event::Continued`].
    Continue {
        /// The entry.
        path: StepPath,
    },
    /// Look whether the event that a step waits for came before; ends as [`crate::event::Event::Received`], or as
    /// nothing.
    Collect {
        /// The step.
        path: StepPath,
        /// The suspension.
        suspension: SuspensionId,
    },
}

impl Effect {
    /// The step or entry that it is about.
    pub fn path(&self) -> &StepPath {
        match self {
            Self::Call { path, .. } | Self::Continue { path } | Self::Collect { path, .. } => path,
        }
    }
}
