//! A run is cancelled.

use super::change::Change;
use super::known::NoDecision;
use super::refused::Refused;
use super::status::{Phase, StepStatus};
use crate::actor::By;
use crate::path::StepPath;

/// Ends the run at once. A call that is in flight goes on until it notices or is stopped, and its end is then of no
/// interest any more.
pub(super) fn cancel(change: &mut Change<'_>, by: By) -> Result<(), NoDecision> {
    if change.run.has_ended() {
        return Err(Refused::Ended { status: change.run.status() }.into());
    }
    let root = StepPath::root();
    change.save_before_end();
    change.close_within(&root)?;
    if change.run.steps.contains_key(&root) {
        change.end_step(&root, StepStatus::Canceled)?;
    }
    change.end_run(Phase::Canceled);
    change.stopped_by = by;
    Ok(())
}
