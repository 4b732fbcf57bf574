//! A run that nothing brings on any more, because bringing it on went wrong again and again.

use super::change::Change;
use super::known::NoDecision;
use super::log::LogKind;
use super::refused::Refused;
use super::take_over;
use crate::actor::By;
use crate::event::Event;
use crate::path::StepPath;

/// Refuses what a blocked run does not take: everything but a restart and a cancellation.
pub(super) fn check(change: &Change<'_>, event: &Event) -> Result<(), Refused> {
    match (&change.run.blocked, event) {
        (None, _) | (Some(_), Event::CancelRequested(_) | Event::Unblocked { .. }) => Ok(()),
        (Some(reason), _) => Err(Refused::Blocked { reason: reason.clone() }),
    }
}

/// A blocked run is tried once more: the calls that were under way are made again, as after a take-over that is the
/// first.
pub(super) fn unblock(change: &mut Change<'_>, by: By) -> Result<(), NoDecision> {
    if change.run.blocked.take().is_none() {
        return Err(Refused::NotRestartable { status: change.run.status() }.into());
    }
    change.log_by(&StepPath::root(), LogKind::Restarted, by);
    let held: Vec<StepPath> = change
        .run
        .steps
        .iter()
        .filter(|(_, step)| step.owner().is_some())
        .map(|(path, _)| path.clone())
        .collect();
    for path in held {
        take_over::take(change, &path, false)?;
    }
    Ok(())
}
