//! Which of the calls of one number is meant: a run that goes back, or is taken over, may make it anew.

use reentry_core::run::{EntryRecord, RunState};

/// When a call was made: as long as this is so, it is the one that its step waits for. The owner alone does not say
/// so, as a process that was taken to be dead, and was not, may take its own call back from the one who took it over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallEpoch {
    travels: u32,
    attempt: u32,
    take_overs: u32,
}

impl CallEpoch {
    pub(crate) fn now(run: &RunState, step: &EntryRecord) -> Self {
        Self { travels: run.travels, attempt: step.attempt, take_overs: step.take_overs }
    }
}
