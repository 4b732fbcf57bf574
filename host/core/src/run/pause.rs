//! A run is paused: calls that are in flight end, answers and timers are taken, and no guest is called before it is
//! let go on.

use super::change::Change;
use super::doing::{Call, Doing};
use super::known::NoDecision;
use super::log::LogKind;
use super::refused::Refused;
use super::status::Phase;
use crate::actor::By;
use crate::path::StepPath;

pub(super) fn pause(change: &mut Change<'_>, by: By) -> Result<(), NoDecision> {
    if change.run.phase != Phase::Live || change.run.paused {
        return Err(Refused::NotPausable { status: change.run.status() }.into());
    }
    change.run.paused = true;
    change.log_by(&StepPath::root(), LogKind::Paused, by);
    // A wait before a further try is no call in flight.
    let now = change.now;
    let waiting = change.run.steps.iter().filter_map(|(path, step)| match &step.doing {
        Doing::Retrying(_, until, call) if *until > now => Some((path.clone(), call.clone(), *until)),
        _ => None,
    });
    for (path, call, until) in waiting.collect::<Vec<_>>() {
        change.delay(&path, call, until)?;
    }
    Ok(())
}

pub(super) fn unpause(change: &mut Change<'_>, by: By) -> Result<(), NoDecision> {
    if !change.run.paused {
        return Err(Refused::NotPaused { status: change.run.status() }.into());
    }
    change.run.paused = false;
    change.log_by(&StepPath::root(), LogKind::Unpaused, by);
    make_ready_calls(change)
}

/// Makes the calls that were put off.
pub(super) fn make_ready_calls(change: &mut Change<'_>) -> Result<(), NoDecision> {
    let ready: Vec<(StepPath, Call)> = change
        .run
        .steps
        .iter()
        .filter_map(|(path, step)| match &step.doing {
            Doing::Ready(call) => Some((path.clone(), call.clone())),
            _ => None,
        })
        .collect();
    for (path, call) in ready {
        if !change.run.steps.contains_key(&path) || change.time_out_around(&path)? {
            continue;
        }
        change.call(&path, call, None)?;
    }
    Ok(())
}
