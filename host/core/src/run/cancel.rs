//! A run is cancelled.

use super::change::Change;
use super::{Phase, Refused, StepStatus};
use crate::path::StepPath;

/// Ends the run at once. A call that is in flight goes on until it notices, and its end is then of no interest any more.
pub(super) fn cancel(change: &mut Change<'_>) -> Result<(), Refused> {
    if change.run.status().is_final() {
        return Err(Refused::Ended { status: change.run.status() });
    }
    let root = StepPath::root();
    change.close_within(&root);
    if change.run.steps.contains_key(&root) {
        change.end_step(&root, StepStatus::Canceled)?;
    }
    change.run.phase = Phase::Canceled;
    Ok(())
}
