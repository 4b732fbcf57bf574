//! The calls of a host process that died go to another one.

use super::change::Change;
use super::doing::Doing;
use super::known::NoDecision;
use super::limits::TRIALS_MAX;
use super::log::LogKind;
use super::refused::Refused;
use crate::effect::Effect;
use crate::id::OwnerId;
use crate::path::StepPath;

/// Makes every call of `from` one of `by`, to be performed again from the same memory, with the same idempotency key.
pub(super) fn take_over(change: &mut Change<'_>, from: OwnerId) -> Result<(), NoDecision> {
    let theirs: Vec<StepPath> = change
        .run
        .steps
        .iter()
        .filter(|(_, step)| step.owner() == Some(from))
        .map(|(path, _)| path.clone())
        .collect();
    if theirs.is_empty() {
        return Err(Refused::Idle.into());
    }
    change.log(&StepPath::root(), LogKind::TakenOver);
    for path in theirs {
        if change.run.steps.contains_key(&path) {
            // A driver that gives up is no end of a process.
            take(change, &path, from != change.owner)?;
        }
    }
    Ok(())
}

/// Makes the call of a step one of this owner. Nothing is said against it when a process ends that made other calls
/// too; it is made alone from then on. `ended` says whether it was the end of a process that left the call to others.
pub(super) fn take(change: &mut Change<'_>, path: &StepPath, ended: bool) -> Result<(), NoDecision> {
    if change.time_out_around(path)? {
        return Ok(());
    }
    let owner = change.owner;
    let step = change.step_mut(path)?;
    match step.doing.clone() {
        Doing::Calling(_, call) => {
            if ended && step.trials >= TRIALS_MAX {
                return Err(Refused::EndsHosts { path: path.clone() }.into());
            }
            step.take_overs = step.take_overs.saturating_add(1);
            if !ended {
                step.trials = 0;
            }
            change.call(path, call, None)?;
        }
        Doing::Retrying(_, until, call) => change.call(path, call, Some(until))?,
        Doing::Continuing(_) => {
            step.doing = Doing::Continuing(owner);
            change.ask(Effect::Continue { path: path.clone() });
        }
        _ => {}
    }
    Ok(())
}

/// A call that was taken over is about to be made, with no other one in the process: should that end, there is but
/// one reason.
pub(super) fn tried(change: &mut Change<'_>, path: &StepPath, call: u32) -> Result<(), NoDecision> {
    let stale = || Refused::Stale { path: path.clone(), call };
    let step = change.run.steps.get(path).ok_or_else(stale)?;
    if step.calls != call || !matches!(step.doing, Doing::Calling(by, _) if by == change.owner) {
        return Err(stale().into());
    }
    let step = change.step_mut(path)?;
    step.trials = step.trials.saturating_add(1);
    Ok(())
}
