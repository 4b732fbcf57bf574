//! Effects: what has to be done once a decision is stored.
//!
//! An effect carries no data beside its address: all that performing it needs is in the run, so that
//! whoever takes a run over after a crash finds the same effect there.

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
}
